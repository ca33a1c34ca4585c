package settings

import "strings"

// A Problem is one thing wrong with the settings.
type Problem struct {
	Where string // where it was written: a variable, a flag, a key of the file
	What  string // what is wrong, and what would be right
}

func (p Problem) Error() string { return p.Where + ": " + p.What }

// Problems are all the things that are wrong, in the order of the table.
type Problems []Problem

// Error gives one line for each problem.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.Error()
	}
	return strings.Join(lines, "\n")
}
