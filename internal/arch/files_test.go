package arch_test

import (
	"go/ast"
	"testing"
)

// The longest a file may grow before it has two subjects.
const (
	maxLines     = 400
	maxTestLines = 600
)

func TestFilesStayReadable(t *testing.T) {
	for _, s := range mustSources(t, true) {
		limit := maxLines
		if s.test {
			limit = maxTestLines
		}
		if s.lines > limit && !ast.IsGenerated(s.file) {
			t.Errorf("%s has %d lines; want at most %d: split it by subject", s.path, s.lines, limit)
		}
	}
}
