package arch_test

import (
	"strings"
	"testing"
)

// Every package says in one place what it is for; a command's doc begins with its
// name and not with "Package".
func TestEveryPackageHasADoc(t *testing.T) {
	docs := map[string][]string{}   // folder: files with a package comment
	opening := map[string]string{}  // folder: the comment's first line
	production := map[string]bool{} // folder: has non-test code
	names := map[string]string{}    // folder: package name
	for _, s := range mustSources(t, false) {
		production[s.dir] = true
		names[s.dir] = s.file.Name.Name
		if s.file.Doc == nil {
			continue
		}
		docs[s.dir] = append(docs[s.dir], s.path)
		opening[s.dir], _, _ = strings.Cut(s.file.Doc.Text(), "\n")
	}
	for dir := range production {
		switch {
		case len(docs[dir]) == 0:
			t.Errorf("package %s has no package comment", dir)
		case len(docs[dir]) > 1:
			t.Errorf("package %s has %d package comments, in %s; want one", dir, len(docs[dir]), strings.Join(docs[dir], ", "))
		case names[dir] == "main" && !strings.HasPrefix(opening[dir], "Evergrant ") && !strings.HasPrefix(opening[dir], "Command "):
			t.Errorf("%s: the doc of a command begins with its name; got %q", dir, opening[dir])
		case names[dir] != "main" && !strings.HasPrefix(opening[dir], "Package "+names[dir]+" "):
			t.Errorf("%s: the doc begins with %q; want %q", dir, opening[dir], "Package "+names[dir]+" …")
		}
	}
}
