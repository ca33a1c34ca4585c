package arch_test

import (
	"go/ast"
	"go/token"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var (
	makeTarget = regexp.MustCompile(`(?m)^([a-z][a-z-]*):[^=]`)
	makeUse    = regexp.MustCompile("(?m)(?:^|`)make ([a-z][a-z-]*)")
	setting    = regexp.MustCompile(`\b(?:EVERGRANT|INSTAGRAM)_[A-Z]+(?:_[A-Z]+)*\b`)
	link       = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading    = regexp.MustCompile(`(?m)^#+ +(.+)$`)
)

// Every `make X` that a guide shows is a target.
func TestGuidesNameMakeTargets(t *testing.T) {
	targets := map[string]bool{}
	for _, m := range makeTarget.FindAllStringSubmatch(mustRead(t, "Makefile"), -1) {
		targets[m[1]] = true
	}
	for _, name := range guides(t) {
		for _, m := range makeUse.FindAllStringSubmatch(mustRead(t, name), -1) {
			if !targets[m[1]] {
				t.Errorf("%s shows `make %s`, which the Makefile does not have", name, m[1])
			}
		}
	}
	for _, readme := range []string{"README.md", "README.fa.md"} {
		text := mustRead(t, readme)
		for _, want := range []string{"make demo", "make test"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not show `%s`", readme, want)
			}
		}
	}
}

// Both READMEs show the same commands in the same order: what stands between code
// fences is equal, comments aside.
func TestReadmesAreInStep(t *testing.T) {
	english, persian := fenced(mustRead(t, "README.md")), fenced(mustRead(t, "README.fa.md"))
	if len(english) == 0 {
		t.Fatal("README.md shows no command")
	}
	if !slices.Equal(english, persian) {
		t.Errorf("the code in README.fa.md differs from README.md's:\ngot  %s\nwant %s",
			strings.Join(persian, "\n     "), strings.Join(english, "\n     "))
	}
}

// fenced gives the lines between code fences, without comments and empty lines.
func fenced(text string) []string {
	var lines []string
	inside := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "```") {
			inside = !inside
			continue
		}
		line, _, _ = strings.Cut(line, "  #")
		line = strings.TrimSpace(line)
		if inside && line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines
}

// The settings that people script against, whatever the code has become.
var contractSettings = []string{
	"EVERGRANT_STATE_DIR", "EVERGRANT_DATABASE_URL", "EVERGRANT_KEYSET_FILE", "EVERGRANT_KMS_URL",
	"INSTAGRAM_CLIENT_ID", "INSTAGRAM_CLIENT_SECRET", "INSTAGRAM_CLIENT_SECRET_PREVIOUS", "INSTAGRAM_SCOPES",
	"EVERGRANT_INSTAGRAM_AUTHORIZE_URL", "EVERGRANT_INSTAGRAM_API_URL", "EVERGRANT_INSTAGRAM_GRAPH_URL",
	"EVERGRANT_GRAPH_VERSION", "EVERGRANT_SUBSCRIBE_FIELDS", "EVERGRANT_LISTEN", "EVERGRANT_PUBLIC_URL",
	"EVERGRANT_CONFIG", "EVERGRANT_EGRESS", "EVERGRANT_CONCURRENCY", "EVERGRANT_RATE", "EVERGRANT_LOG_FORMAT", "EVERGRANT_LOG_LEVEL",
}

// Every setting that the program reads is in docs/settings.md, and nothing else is
// named as a setting anywhere in the guides.
func TestSettingsAreDocumented(t *testing.T) {
	documented := map[string]bool{}
	for _, name := range setting.FindAllString(mustRead(t, "docs/settings.md"), -1) {
		documented[name] = true
	}
	known := map[string]string{}
	for _, name := range contractSettings {
		known[name] = "the contract"
	}
	for _, s := range mustSources(t, false) {
		if !within(s.dir, "service") && !within(s.dir, "cmd/evergrant") {
			continue
		}
		for _, name := range stringsLike(s, setting) {
			known[name] = s.path
		}
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		if !documented[name] {
			t.Errorf("%s (from %s) is not in docs/settings.md", name, known[name])
		}
	}
	for _, guide := range guides(t) {
		for _, name := range setting.FindAllString(mustRead(t, guide), -1) {
			plain := strings.TrimSuffix(name, "_FILE")
			if known[name] == "" && known[plain] == "" && !strings.HasPrefix(name, "EVERGRANT_TEST_") {
				t.Errorf("%s names %s, which is no setting", guide, name)
			}
		}
	}
}

// stringsLike gives the string literals of a file that are one match of re as a whole.
func stringsLike(s source, re *regexp.Regexp) []string {
	var found []string
	ast.Inspect(s.file, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return true
		}
		value, err := strconv.Unquote(lit.Value)
		if err == nil && value != "" && re.FindString(value) == value {
			found = append(found, value)
		}
		return true
	})
	return found
}

// Every link between files of the module leads somewhere, heading included.
func TestLinksLeadSomewhere(t *testing.T) {
	for _, name := range guides(t) {
		for _, m := range link.FindAllStringSubmatch(mustRead(t, name), -1) {
			target, fragment, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			file := name
			if target != "" {
				file = path.Join(path.Dir(name), target)
			}
			if !exists(file) {
				t.Errorf("%s links to %s, which is not there", name, m[1])
				continue
			}
			if fragment != "" && !slices.Contains(anchors(mustRead(t, file)), fragment) {
				t.Errorf("%s links to %s, which has no such heading", name, m[1])
			}
		}
	}
}

// anchors gives the fragments of a page's headings, as code hosts make them.
func anchors(text string) []string {
	var all []string
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		var b strings.Builder
		for _, r := range strings.ToLower(strings.TrimSpace(m[1])) {
			switch {
			case r == ' ':
				b.WriteByte('-')
			case r == '-' || r == '_' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r > 0x7f && r != '…' && r != '–' && r != '·':
				b.WriteRune(r)
			}
		}
		all = append(all, b.String())
	}
	return all
}

var decisionName = regexp.MustCompile(`^docs/decisions/(\d{4})-[a-z0-9-]+\.md$`)

// Decision pages are numbered without gaps, have their four parts, and are listed.
func TestDecisions(t *testing.T) {
	index := mustRead(t, "docs/README.md")
	var numbers []int
	for _, name := range guides(t) {
		if path.Dir(name) != "docs/decisions" {
			continue
		}
		m := decisionName.FindStringSubmatch(name)
		if m == nil {
			t.Errorf("%s is not named like docs/decisions/0001-what-it-says.md", name)
			continue
		}
		n, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, n)
		text := mustRead(t, name)
		for _, part := range []string{"## Context", "## Decision", "## Alternatives", "## Consequences"} {
			if !strings.Contains(text, "\n"+part+"\n") {
				t.Errorf("%s has no part %q", name, part)
			}
		}
		if !strings.Contains(index, strings.TrimPrefix(name, "docs/")) {
			t.Errorf("%s is not listed in docs/README.md", name)
		}
	}
	slices.Sort(numbers)
	for i, n := range numbers {
		if n != i+1 {
			t.Errorf("decision %04d is number %d in the folder: numbers run without gaps or doubles", n, i+1)
		}
	}
}

// guides lists the prose of the module.
func guides(t *testing.T) []string {
	t.Helper()
	var names []string
	err := walk(func(name string) error {
		if strings.HasSuffix(name, ".md") && !strings.Contains("/"+name, "/testdata/") {
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
