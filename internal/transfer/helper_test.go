package transfer_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/internal/transfer"
)

// A desk is an importer that keeps what it is handed. Its verdict is "created"
// unless verdict says otherwise.
type desk struct {
	rows    []evergrant.Incoming
	batches []int
	preview int // rows that were only looked at
	verdict func(evergrant.Incoming) evergrant.ImportOutcome
	err     error
	short   bool // answers one outcome too few
}

func (d *desk) answer(rows []evergrant.Incoming) ([]evergrant.ImportOutcome, error) {
	if d.err != nil {
		return nil, d.err
	}
	d.batches = append(d.batches, len(rows))
	var out []evergrant.ImportOutcome
	for _, r := range rows {
		o := evergrant.ImportOutcome{Verdict: evergrant.ImportCreated}
		if d.verdict != nil {
			o = d.verdict(r)
		}
		o.Row = r.Row
		out = append(out, o)
	}
	if d.short {
		out = out[1:]
	}
	return out, nil
}

func (d *desk) Import(_ context.Context, rows []evergrant.Incoming) ([]evergrant.ImportOutcome, error) {
	d.rows = append(d.rows, slices.Clone(rows)...)
	return d.answer(rows)
}

func (d *desk) Preview(_ context.Context, rows []evergrant.Incoming) ([]evergrant.ImportOutcome, error) {
	d.preview += len(rows)
	return d.answer(rows)
}

// result is all that an import leaves behind.
type result struct {
	desk
	sum      transfer.Summary
	problems []transfer.Problem // bad rows
	warnings []transfer.Problem
	err      error
}

func importText(t testing.TB, text string, opts transfer.ImportOptions) *result {
	t.Helper()
	res := &result{}
	res.sum, res.err = transfer.Import(t.Context(), strings.NewReader(text), opts, &res.desk, res.listen)
	return res
}

func (res *result) listen(p transfer.Problem) {
	if p.Warning {
		res.warnings = append(res.warnings, p)
	} else {
		res.problems = append(res.problems, p)
	}
}

// reasons are the problems as text, for comparing.
func (res *result) reasons() []string {
	var out []string
	for _, p := range res.problems {
		out = append(out, p.String())
	}
	return out
}

// tokens are the values that reached the importer, for comparing.
func (res *result) tokens() []string {
	var out []string
	for _, r := range res.rows {
		out = append(out, r.Held.Value.Reveal())
	}
	return out
}
