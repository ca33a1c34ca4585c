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

// wideSheet is for people. It gives the last column what the others leave, and leaves
// out optional columns, from the right, when that is too little.
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
	t.SetColumnConfigs([]table.ColumnConfig{{Number: len(shown), WidthMax: text, WidthMaxEnforcer: wrap}})
	t.AppendHeader(pick(w.columns, shown))
	for _, cells := range w.rows {
		t.AppendRow(pick(cells, shown))
	}
	_, err := fmt.Fprintln(w.out, t.Render())
	return wrote(err)
}

// choose says which columns are shown, and how wide the last one may be.
func (w *wideSheet) choose() (shown []int, last int) {
	widths := make([]int, len(w.columns))
	for i := range w.columns {
		shown = append(shown, i)
		widths[i] = text.StringWidthWithoutEscSequences(w.columns[i])
		for _, cells := range w.rows {
			widths[i] = max(widths[i], text.StringWidthWithoutEscSequences(cells[i]))
		}
	}
	end := len(widths) - 1
	need := min(widths[end], leastText)
	for i := end; ; i-- {
		last = w.width - 2
		for _, column := range shown {
			if column != end {
				last -= widths[column] + 2 // the padding of a cell
			}
		}
		if last >= need || i == 0 {
			return shown, max(last, min(need, 10))
		}
		if w.optional[i] {
			shown = slices.DeleteFunc(shown, func(column int) bool { return column == i })
		}
	}
}

// wrap breaks text at its spaces.
func wrap(s string, width int) string { return text.WrapSoft(s, width) }

func pick(cells []string, shown []int) table.Row {
	row := make(table.Row, len(shown))
	for i, column := range shown {
		row[i] = cells[column]
	}
	return row
}
