package arch_test

import (
	"slices"
	"strings"
	"testing"
)

// A rule says what a package and those below it may import. The longest matching
// folder wins.
type rule struct {
	// own lists the packages of this module that production code may import; "*" is
	// any but the test kits.
	own []string
	// foreign lists the modules that production code may import; "*" is any (but see
	// onlyImporters).
	foreign []string
	// never lists packages of the standard library that production code must not
	// import; a trailing slash covers everything below.
	never []string
	// tests lists what tests may import from this module besides the above, themselves
	// and the test kits; "*" is any.
	tests []string
}

var (
	any_      = []string{"*"}
	noNetwork = []string{"net", "net/", "database/", "os/exec"}
	// harmless packages lie in net/ without touching a network.
	harmless = []string{"net/url", "net/netip", "net/mail"}
	pure     = append([]string{"os", "os/", "io/fs", "syscall", "log", "log/", "math/rand", "math/rand/v2", "crypto/rand", "embed"}, noNetwork...)
)

// rules is the picture of the house: each arrow of the architecture, and no other.
var rules = map[string]rule{
	".":        {own: []string{"schedule"}, never: []string{"os/exec", "net/", "database/", "embed"}, tests: any_},
	"schedule": {never: pure},
	"seal":     {foreign: []string{"github.com/tink-crypto/tink-go/v2", "gocloud.dev/secrets", "google.golang.org/protobuf"}, never: noNetwork},
	"meta":     {own: []string{"."}, foreign: []string{"golang.org/x/time", "golang.org/x/net", "golang.org/x/sync"}, never: []string{"database/"}, tests: []string{"internal/sim"}},
	"sqlstore": {own: []string{".", "seal", "sqlstore"}, foreign: any_, never: []string{"net/http"}, tests: []string{"schedule"}},

	"service": {own: []string{
		".", "schedule", "seal", "meta", "sqlstore", "service", "internal/transfer",
		"internal/jobs", "internal/connect", "internal/gateway", "internal/api", "internal/dashboard", "internal/notify",
	}, foreign: any_, tests: any_},
	"service/demo":  {own: []string{".", "service", "internal/sim"}, tests: any_}, // sim stays out of the service itself
	"cmd/evergrant": {own: any_, foreign: any_, tests: any_},

	// One layer, whose packages do not know each other: they meet in the interfaces
	// of the root.
	"internal/jobs":      {own: []string{".", "schedule"}, foreign: any_, tests: any_},
	"internal/connect":   {own: []string{".", "schedule"}, foreign: any_, tests: any_},
	"internal/gateway":   {own: []string{".", "schedule"}, foreign: any_, tests: any_},
	"internal/api":       {own: []string{".", "schedule"}, foreign: any_, tests: any_},
	"internal/dashboard": {own: []string{".", "schedule"}, foreign: any_, tests: any_},
	"internal/notify":    {own: []string{".", "schedule"}, foreign: any_, tests: any_},
	"internal/transfer":  {own: []string{"."}, never: []string{"net", "net/", "os/exec"}, tests: any_},

	// Two independent readings of Meta's documents: sim shares nothing with meta, not
	// even in tests.
	"internal/sim": {},

	// Test kits.
	"evergranttest":      {own: []string{".", "schedule", "internal/sim"}, tests: any_},
	"sqlstore/storetest": {own: []string{".", "evergranttest"}, foreign: any_, tests: any_},
	"internal/pgtest":    {foreign: any_, tests: any_},

	// Tests only.
	"internal/arch":  {},
	"internal/bench": {tests: any_},
	"internal/fire":  {tests: any_},
	"deploy":         {},
}

// kits are packages that import testing, or serve tests only. Tests may import them,
// production code may not.
var kits = []string{"evergranttest", "sqlstore/storetest", "internal/pgtest"}

// onlyImporters: modules that have one home here.
var onlyImporters = map[string]string{
	"github.com/riverqueue/": "internal/jobs",
	"github.com/spf13/cobra": "cmd/evergrant",
	"modernc.org/sqlite":     "sqlstore",
	"github.com/pressly/":    "sqlstore",
	"github.com/tink-crypto": "seal",
}

// testing packages, which have no place in a binary.
var testingPackages = []string{
	"testing", "net/http/httptest", "github.com/google/go-cmp", "go.uber.org/goleak",
	"pgregory.net/rapid", "github.com/rogpeppe/go-internal", "github.com/chromedp/",
}

func TestImports(t *testing.T) {
	for _, s := range mustSources(t, true) {
		r, home, ok := ruleFor(s.dir)
		if !ok {
			t.Errorf("%s: package %s has no import rule; add one to rules", s.path, s.dir)
			continue
		}
		for _, imported := range s.imports() {
			if reason := refuse(s, r, home, imported); reason != "" {
				t.Errorf("%s imports %s: %s", s.path, imported, reason)
			}
		}
	}
}

// refuse says why s must not import a package, "" when it may.
func refuse(s source, r rule, home, imported string) string {
	if imported == "C" {
		return "cgo is not used here: the binary is static"
	}
	own, isOwn := ownPackage(imported)
	switch {
	case isOwn:
		return refuseOwn(s, r, home, own)
	case !isForeign(imported):
		if !s.test && covered(imported, r.never) && !slices.Contains(harmless, imported) {
			return "package " + home + " promises to do without it"
		}
		return refuseTesting(s, imported)
	}
	for prefix, only := range onlyImporters {
		if strings.HasPrefix(imported, prefix) && !within(s.dir, only) && !s.test {
			return "only " + only + " imports it"
		}
	}
	if reason := refuseTesting(s, imported); reason != "" || s.test {
		return reason
	}
	if covered(imported, r.foreign) || slices.Contains(r.foreign, "*") || hasModule(imported, r.foreign) {
		return ""
	}
	return "package " + home + " may not import this module"
}

// refuseOwn judges an import from this module.
func refuseOwn(s source, r rule, home, own string) string {
	isKit := slices.ContainsFunc(kits, func(kit string) bool { return within(own, kit) })
	switch {
	case own == s.dir || within(own, home) && home != ".":
		return "" // itself, from an external test package, or a part of itself
	case own == home:
		return ""
	case isKit && s.test && home != "internal/sim":
		return ""
	case isKit && !s.test && !slices.Contains(r.own, own):
		return "a test kit has no place in production code"
	case allows(r.own, own):
		return ""
	case s.test && allows(r.tests, own):
		return ""
	case s.test:
		return "tests of " + home + " may not know this package"
	}
	return "this arrow points the wrong way: " + home + " may import " + list(r.own) + " of this module"
}

// refuseTesting keeps packages for tests out of production code.
func refuseTesting(s source, imported string) string {
	if s.servesTests() {
		return ""
	}
	for _, p := range testingPackages {
		if imported == p || strings.HasPrefix(imported, strings.TrimSuffix(p, "/")+"/") {
			return "production code does not import packages for tests"
		}
	}
	return ""
}

// ruleFor finds the rule of a folder and the folder that it was written for.
func ruleFor(dir string) (r rule, home string, ok bool) {
	for home = dir; ; {
		if r, ok = rules[home]; ok {
			return r, home, true
		}
		cut := strings.LastIndexByte(home, '/')
		if cut < 0 {
			return rule{}, "", false
		}
		home = home[:cut]
	}
}

// allows reports whether a list of this module's packages covers one. "*" leaves out
// the test kits.
func allows(list []string, own string) bool {
	if slices.Contains(list, "*") {
		return true
	}
	return slices.ContainsFunc(list, func(p string) bool {
		return p == own || p != "." && within(own, strings.TrimSuffix(p, "/"))
	})
}

// covered reports whether a list of import paths names one, by itself or by a
// folder with a trailing slash.
func covered(imported string, list []string) bool {
	return slices.ContainsFunc(list, func(p string) bool {
		return p == imported || strings.HasSuffix(p, "/") && strings.HasPrefix(imported, p)
	})
}

// hasModule reports whether imported lies in one of the modules.
func hasModule(imported string, modules []string) bool {
	return slices.ContainsFunc(modules, func(m string) bool { return within(imported, m) })
}

// within reports whether a slash-separated path is dir or lies below it.
func within(name, dir string) bool {
	return name == dir || strings.HasPrefix(name, dir+"/")
}

// ownPackage gives the folder of a package of this module.
func ownPackage(imported string) (dir string, ok bool) {
	if imported == module {
		return ".", true
	}
	return strings.CutPrefix(imported, module+"/")
}

// isForeign reports whether an import path is outside the standard library: its first
// element has a dot.
func isForeign(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return strings.Contains(first, ".")
}

func list(packages []string) string {
	if len(packages) == 0 {
		return "nothing"
	}
	return strings.Join(packages, ", ")
}

// The judge itself must be able to say no, and yes.
func TestImportRulesCanFail(t *testing.T) {
	for _, tt := range []struct {
		name     string
		dir      string
		test     bool
		imported string
		refused  bool
	}{
		{"root may use schedule", ".", false, module + "/schedule", false},
		{"root must not use sqlstore", ".", false, module + "/sqlstore", true},
		{"root must not use a foreign module", ".", false, "golang.org/x/sync/singleflight", true},
		{"a test of the root may use sim", ".", true, module + "/internal/sim", false},
		{"schedule must not import the root", "schedule", false, module, true},
		{"schedule does no input or output", "schedule", false, "os", true},
		{"seal does no network", "seal", false, "net/http", true},
		{"seal may read a URL", "seal", false, "net/url", false},
		{"seal may use tink", "seal", false, "github.com/tink-crypto/tink-go/v2/aead", false},
		{"seal must not know the root", "seal", false, module, true},
		{"meta may use the root", "meta", false, module, false},
		{"meta must not use sim", "meta", false, module + "/internal/sim", true},
		{"a test of meta may use sim", "meta", true, module + "/internal/sim", false},
		{"sim must not use meta", "internal/sim", false, module + "/meta", true},
		{"a test of sim must not use meta either", "internal/sim", true, module + "/meta", true},
		{"sim must not use a foreign module", "internal/sim", false, "golang.org/x/time/rate", true},
		{"sqlstore may use seal", "sqlstore", false, module + "/seal", false},
		{"a part of sqlstore may use sqlstore", "sqlstore/migrations", false, module + "/sqlstore", false},
		{"the layer's packages do not know each other", "internal/api", false, module + "/internal/gateway", true},
		{"jobs may use River", "internal/jobs", false, "github.com/riverqueue/river", false},
		{"service must not use River", "service", false, "github.com/riverqueue/river", true},
		{"production code does not import testing", "meta", false, "testing", true},
		{"a test kit may import testing", "sqlstore/storetest", false, "testing", false},
		{"production code does not import a test kit", "cmd/evergrant", false, module + "/evergranttest", true},
		{"tests may import a test kit", "meta", true, module + "/evergranttest", false},
		{"nobody uses cgo", "seal", false, "C", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, home, ok := ruleFor(tt.dir)
			if !ok {
				t.Fatalf("no rule for %s", tt.dir)
			}
			got := refuse(source{dir: tt.dir, test: tt.test}, r, home, tt.imported)
			if (got != "") != tt.refused {
				t.Errorf("refuse = %q; want refused %v", got, tt.refused)
			}
		})
	}
}
