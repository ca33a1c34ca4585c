package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/evergrant/evergrant/schedule"
)

// A sheet is a table on its way to standard output. The last column may hold long text.
type sheet interface {
	// row adds one row, with as many cells as there are columns.
	row(cells ...string) error
	// end writes what is left to write.
	end() error
}

// sheet begins a table: on a terminal one that fits its width, otherwise plain
// columns separated by tabs, written as they come. A column whose name begins with a
// question mark is left out on a terminal that has no room for it.
func (a *app) sheet(columns ...string) sheet {
	names, optional := make([]string, len(columns)), make([]bool, len(columns))
	for i, column := range columns {
		names[i], optional[i] = strings.CutPrefix(column, "?")
	}
	fd, ok := terminal(a.out)
	if !ok {
		return &plainSheet{out: a.out, columns: names}
	}
	width, _, err := term.GetSize(fd)
	if err != nil || width < 40 {
		width = 80
	}
	return &wideSheet{out: a.out, columns: names, optional: optional, width: width}
}

// plainSheet is for pipes: a header, tabs, "-" for an empty cell.
type plainSheet struct {
	out     io.Writer
	columns []string
	begun   bool
}

func (p *plainSheet) row(cells ...string) error {
	if !p.begun {
		p.begun = true
		if err := p.line(p.columns); err != nil {
			return err
		}
	}
	return p.line(cells)
}

func (p *plainSheet) line(cells []string) error {
	clean := make([]string, len(cells))
	for i, cell := range cells {
		if clean[i] = plainText(cell); clean[i] == "" {
			clean[i] = "-"
		}
	}
	_, err := fmt.Fprintln(p.out, strings.Join(clean, "\t"))
	return wrote(err)
}

func (p *plainSheet) end() error { return nil }

// A colour is an SGR code; the zero colour is none.
type colour string

const (
	green  colour = "32"
	yellow colour = "33"
	red    colour = "31"
)

// paint colours a word if colours are wanted.
func (a *app) paint(word string, c colour) string {
	if c == "" || !a.colours() {
		return word
	}
	return "\x1b[" + string(c) + "m" + word + "\x1b[0m"
}

// when shows an instant in a table: exact for machines, as a distance for people.
func (a *app) when(at time.Time) string {
	if at.IsZero() || !a.onTerminal() {
		return exact(at)
	}
	if left := at.Sub(a.now()); left >= 0 {
		return "in " + schedule.Human(left)
	}
	return schedule.Human(a.now().Sub(at)) + " ago"
}

// due says in a table when something is to be done.
func (a *app) due(at time.Time) string {
	if !at.IsZero() && !at.After(a.now()) {
		return "now"
	}
	return a.when(at)
}

// exact shows an instant to the second; an unknown one is empty.
func exact(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}
