package arch_test

import (
	"go/ast"
	"testing"
)

// A decision takes an instant and a component takes a clock, so production code names
// time.Now only as a value: the default of an injected clock. It never calls it, nor
// what calls it in hiding. These files may, each for its reason.
var readsTheClock = map[string]string{}

// hidden are functions of package time that read the clock or block on it.
var hidden = map[string]string{
	"Now":   "take a now, or a Now func() time.Time whose default is time.Now",
	"Since": "it reads the clock: subtract from the injected now",
	"Until": "it reads the clock: subtract the injected now",
	"Sleep": "wait on a timer and the context, so that shutdown is not delayed",
}

func TestClockIsInjected(t *testing.T) {
	used := map[string]bool{}
	for _, s := range mustSources(t, true) {
		for _, use := range clockUses(s) {
			switch {
			case s.servesTests() && (use.name != "Sleep" || s.named("testing/synctest") != ""):
				// Tests may measure, though they must not sleep, unless the clock is a bubble's.
			case readsTheClock[s.path] != "":
				used[s.path] = true
			default:
				t.Errorf("%s:%d uses time.%s: %s", s.path, use.line, use.name, hidden[use.name])
			}
		}
	}
	for path := range readsTheClock {
		if exists(path) && !used[path] {
			t.Errorf("%s no longer reads the clock: take it off the list", path)
		}
	}
}

type clockUse struct {
	name string
	line int
}

// clockUses finds calls of time.Now, and any mention of the others: a value of type
// func() time.Time is a clock, but time.Since as a value is a clock in disguise.
func clockUses(s source) []clockUse {
	name := s.named("time")
	if name == "" {
		return nil
	}
	var uses []clockUse
	ast.Inspect(s.file, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if sel, ok := fromPackage(call.Fun, name); ok && sel == "Now" {
				uses = append(uses, clockUse{"Now", s.line(n)})
			}
		}
		if expr, ok := n.(ast.Expr); ok {
			if sel, ok := fromPackage(expr, name); ok && sel != "Now" && hidden[sel] != "" {
				uses = append(uses, clockUse{sel, s.line(n)})
			}
		}
		return true
	})
	return uses
}

// fromPackage gives the name that expr takes from the package known as pkg.
func fromPackage(expr ast.Expr, pkg string) (name string, ok bool) {
	sel, ok := expr.(*ast.SelectorExpr)
	if !ok {
		return "", false
	}
	id, ok := sel.X.(*ast.Ident)
	if !ok || id.Name != pkg || id.Obj != nil {
		return "", false
	}
	return sel.Sel.Name, true
}
