package arch_test

import (
	"go/ast"
	"testing"
)

// revealers are the files that may open a Secret, each for its reason. Whoever adds a
// line here answers for where the value goes next.
var revealers = map[string]string{
	"cmd/evergrant/channel.go":    "prints a token, which is the job of evergrant token",
	"internal/transfer/encode.go": "writes an export, with tokens when asked for",
	"meta/clean.go":               "removes the secrets of a call from Meta's messages",
	"meta/code.go":                "sends a login code and the app's secret",
	"meta/config.go":              "checks that the app's secret has no space in it",
	"meta/exchange.go":            "sends a token, and the app's secret, where Meta takes parameters only",
	"meta/proof.go":               "signs a call with the app's secret",
	"meta/request.go":             "sends a token in the Authorization header",
	"service/doctor/storage.go":   "opens the database and the KMS, whose URLs may hold passwords",
	"service/service.go":          "opens the database and the KMS, whose URLs may hold passwords",
	"service/settings/row.go":     "shows a setting without the secret parts of it",
	"sqlstore/value.go":           "seals a token for storage",
	"service/kms.go":              "opens the KMS, whose URL may hold a key",
}

func TestFewOpenASecret(t *testing.T) {
	used := map[string]bool{}
	for _, s := range mustSources(t, false) {
		if s.path == "secret.go" || s.servesTests() { // the method's own file
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok || sel.Sel.Name != "Reveal" {
				return true
			}
			used[s.path] = true
			if revealers[s.path] == "" {
				t.Errorf("%s:%d calls Reveal: pass the Secret on, or list the file with its reason in revealers", s.path, s.line(sel))
			}
			return true
		})
	}
	for path := range revealers {
		if exists(path) && !used[path] {
			t.Errorf("%s no longer opens a secret: take it off the list", path)
		}
	}
}
