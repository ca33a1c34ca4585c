package arch_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// module is this module's path; packages are named below relative to it, the root
// package as ".".
const module = "github.com/evergrant/evergrant"

// A source is one Go file of the module.
type source struct {
	path  string // slash-separated, from the module's root: "meta/refresh.go"
	dir   string // the package's folder: "meta", "." for the root
	test  bool
	lines int
	fset  *token.FileSet
	file  *ast.File
}

// servesTests reports whether the file runs in tests only: it is one, or belongs to a kit.
func (s source) servesTests() bool {
	return s.test || slices.ContainsFunc(kits, func(kit string) bool { return within(s.dir, kit) })
}

// imports lists the import paths of the file.
func (s source) imports() []string {
	paths := make([]string, 0, len(s.file.Imports))
	for _, spec := range s.file.Imports {
		paths = append(paths, strings.Trim(spec.Path.Value, `"`))
	}
	return paths
}

// named returns the name under which the file knows a package of the standard
// library, "" when it does not import it.
func (s source) named(importPath string) string {
	for _, spec := range s.file.Imports {
		if strings.Trim(spec.Path.Value, `"`) != importPath {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path.Base(importPath)
	}
	return ""
}

// line is the place of a node, for messages.
func (s source) line(n ast.Node) int { return s.fset.Position(n.Pos()).Line }

// sources parses every Go file of the module, once for all tests. Folders named
// testdata and those that the go command ignores are left out.
var sources = sync.OnceValues(func() ([]source, error) {
	var all []source
	err := walk(func(name string) error {
		if !strings.HasSuffix(name, ".go") || strings.Contains("/"+name, "/testdata/") {
			return nil
		}
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, text, parser.ParseComments)
		if err != nil {
			return err
		}
		all = append(all, source{
			path: name, dir: path.Dir(name), test: strings.HasSuffix(name, "_test.go"),
			lines: strings.Count(string(text), "\n"), fset: fset, file: file,
		})
		return nil
	})
	return all, err
})

// root is the module's root, seen from this package's folder, where go test runs.
const root = "../.."

// walk calls visit for every file of the module, by its slash-separated path.
func walk(visit func(name string) error) error {
	return fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") && d.Name() != ".ci" || strings.HasPrefix(d.Name(), "_")):
			return fs.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		return visit(name)
	})
}

// mustSources gives all Go files; production ones only when tests is false.
func mustSources(t *testing.T, tests bool) []source {
	t.Helper()
	all, err := sources()
	if err != nil {
		t.Fatal(err)
	}
	if tests {
		return all
	}
	var production []source
	for _, s := range all {
		if !s.test {
			production = append(production, s)
		}
	}
	return production
}

// mustRead gives the text of a file that has to exist.
func mustRead(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// exists reports whether a file or folder of the module is there.
func exists(name string) bool {
	_, err := os.Stat(filepath.Join(root, filepath.FromSlash(name)))
	return err == nil
}
