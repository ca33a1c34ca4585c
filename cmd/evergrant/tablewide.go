package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// leastText is how wide the last column must be for its text to be readable.
const leastText = 30

// leastName is how much of a name must be left for it to be told from others.
const leastName = 8

// wideSheet is for people. It gives the last column what the others leave, and leaves
// out optional columns, from the right, when that is too little; the last one, if it is
// optional, after the others.
type wideSheet struct {
	out      io.Writer
	columns  []string
	optional []bool
	rows     [][]string
	width    int
}

func (w *wideSheet) row(cells ...string) error {
	w.rows = append(w.rows, cells)
	return nil
}

func (w *wideSheet) end() error {
	if len(w.rows) == 0 {
		return nil
	}
	shown, text := w.choose()
	t := table.NewWriter()
	style := table.StyleLight
	style.Options = table.OptionsNoBordersAndSeparators
	style.Size.WidthMax = w.width
	t.SetStyle(style)
	t.SuppressTrailingSpaces()
	t.SetColumnConfigs(w.limits(shown, text))
	t.AppendHeader(pick(w.columns, shown))
	for _, cells := range w.rows {
		t.AppendRow(pick(cells, shown))
	}
	_, err := fmt.Fprintln(w.out, t.Render())
	return wrote(err)
}

// limits keeps a row on the terminal: the last column is wrapped, and the name before it
// is cut where even that is too little.
func (w *wideSheet) limits(shown []int, last int) []table.ColumnConfig {
	limits := []table.ColumnConfig{{Number: len(shown), WidthMax: last, WidthMaxEnforcer: wrap}}
	widths := w.widths()
	over := last - w.rest(shown, widths)
	if name := 1; over > 0 && len(shown) > 2 && widths[shown[name]]-over >= leastName {
		limits = append(limits, table.ColumnConfig{Number: name + 1, WidthMax: widths[shown[name]] - over, WidthMaxEnforcer: cut})
	}
	return limits
}

// choose says which columns are shown, and how wide the last of them may be.
func (w *wideSheet) choose() (shown []int, last int) {
	widths := w.widths()
	for i := range w.columns {
		shown = append(shown, i)
	}
	end := len(widths) - 1
	need := min(widths[end], leastText)
	for i := end - 1; i >= 0 && w.rest(shown, widths) < need; i-- {
		if w.optional[i] {
			shown = slices.DeleteFunc(shown, func(column int) bool { return column == i })
		}
	}
	if w.rest(shown, widths) < need && w.optional[end] { // a column of crumbs is of no use to anybody
		shown = shown[:len(shown)-1]
		return shown, max(w.rest(shown, widths), widths[shown[len(shown)-1]]) // a word, which must not be broken
	}
	return shown, max(w.rest(shown, widths), min(need, 10))
}

// widths measures the columns.
func (w *wideSheet) widths() []int {
	widths := make([]int, len(w.columns))
	for i := range w.columns {
		widths[i] = text.StringWidthWithoutEscSequences(w.columns[i])
		for _, cells := range w.rows {
			widths[i] = max(widths[i], text.StringWidthWithoutEscSequences(cells[i]))
		}
	}
	return widths
}

// rest is what the other columns leave to the last one.
func (w *wideSheet) rest(shown, widths []int) int {
	rest := w.width - 2 // the padding of a cell
	for _, column := range shown[:len(shown)-1] {
		rest -= widths[column] + 2
	}
	return rest
}

// cut shows by an ellipsis that something is missing.
func cut(s string, width int) string { return text.Snip(s, width, "…") }

// wrap breaks text at its spaces.
func wrap(s string, width int) string { return text.WrapSoft(s, width) }

func pick(cells []string, shown []int) table.Row {
	row := make(table.Row, len(shown))
	for i, column := range shown {
		row[i] = cells[column]
	}
	return row
}
