package bench_test

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"text/tabwriter"
)

// A line is one number of the closing table, with its yardstick.
type line struct {
	what      string
	number    string
	yardstick string
	ratio     float64 // number over yardstick; 0: not measured
	goal      string  // empty: none was set
	met       bool
}

// table collects the lines of a run. It is safe for concurrent use.
var table struct {
	mu    sync.Mutex
	lines []line
}

func note(l line) {
	table.mu.Lock()
	defer table.mu.Unlock()
	table.lines = append(table.lines, l)
}

// printTable writes what was noted, if anything.
func printTable(w io.Writer) error {
	table.mu.Lock()
	defer table.mu.Unlock()
	if len(table.lines) == 0 {
		return nil
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(t, "\nmedians\tnumber\tyardstick\tratio\tgoal\n") // an error comes back from Flush
	for _, l := range table.lines {
		_, _ = fmt.Fprintln(t, strings.Join([]string{l.what, l.number, l.yardstick, l.ratioText(), l.verdict()}, "\t"))
	}
	return t.Flush()
}

func (l line) ratioText() string {
	if l.ratio == 0 {
		return "–"
	}
	return fmt.Sprintf("%.3g", l.ratio)
}

func (l line) verdict() string {
	switch {
	case l.goal == "":
		return "–"
	case l.met:
		return l.goal + ": met"
	}
	return l.goal + ": MISSED"
}
