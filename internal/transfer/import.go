package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/evergrant/evergrant"
)

// A Format is a way to write channels down.
type Format string

// The formats.
const (
	CSV    Format = "csv"
	NDJSON Format = "ndjson"
)

// The defaults of [ImportOptions].
const (
	DefaultMaxLine = 1 << 20
	DefaultBatch   = 1000
)

// ImportOptions say how to read a file. The zero value is usable.
type ImportOptions struct {
	Format  Format // "": by the first byte, "{" for NDJSON
	Tenant  string // for rows that name none; a row's own tenant is kept
	DryRun  bool   // ask Importer.Preview, write nothing
	MaxLine int    // bytes of the longest line, and of the longest record; 0: DefaultMaxLine
	Batch   int    // rows handed over at once; 0: DefaultBatch

	// Progress is called after each batch and at the end, never concurrently, with the
	// bytes and rows read so far. nil: nobody looks.
	Progress func(bytesRead, rows int64)
}

// An Importer decides what becomes of rows, and writes them. Both methods return
// one outcome for each row, in order. With an error nothing of the batch is written. The slice
// of rows is used again after they return.
type Importer interface {
	// Import writes the rows. The same rows again are unchanged.
	Import(ctx context.Context, rows []evergrant.Incoming) ([]evergrant.ImportOutcome, error)
	// Preview gives the same outcomes and writes nothing.
	Preview(ctx context.Context, rows []evergrant.Incoming) ([]evergrant.ImportOutcome, error)
}

// Import reads channels from r, as the package doc describes, and hands them to im.
//
// onProblem (nil: nobody listens) is told of each bad row, and of warnings, in this
// goroutine; the verdicts of the importer come with their batch, so lines are in
// order only among themselves. Bad rows are no error. Errors are: a file that cannot be
// read as a whole (ErrEmpty, ErrNoRows, ErrBinary, ErrEncoding, ErrLineTooLong, ErrHeader,
// ErrFormat), r's or im's own, and ctx's, which is looked at between rows. The summary
// counts what was done until then; rows before the error may be imported, and
// importing the whole file again is harmless.
//
// A row of a disconnected channel ("is_connect" false, or an export's status
// "disconnected" without a token) is skipped, whatever else it holds.
func Import(ctx context.Context, r io.Reader, opts ImportOptions, im Importer, onProblem func(Problem)) (Summary, error) {
	if opts.MaxLine <= 0 {
		opts.MaxLine = DefaultMaxLine
	}
	if opts.Batch <= 0 {
		opts.Batch = DefaultBatch
	}
	if onProblem == nil {
		onProblem = func(Problem) {}
	}
	switch opts.Format {
	case "", CSV, NDJSON:
	default:
		return Summary{}, fmt.Errorf("%w %q; use csv or ndjson", ErrFormat, opts.Format)
	}
	run := &importRun{opts: opts, im: im, onProblem: onProblem, w: newWindow(r, opts.MaxLine)}
	err := run.all(ctx)
	return run.sum, err
}

// A rowReader reads one row after the other; io.EOF at the end.
type rowReader interface {
	next(r *row) (*Problem, error)
}

// importRun is one call of Import.
type importRun struct {
	opts      ImportOptions
	im        Importer
	onProblem func(Problem)
	w         *window
	sum       Summary
	batch     []evergrant.Incoming
}

func (run *importRun) all(ctx context.Context) error {
	format, err := open(run.w, run.opts.Format)
	if err != nil {
		return err
	}
	var rows rowReader
	switch format {
	case CSV:
		c, unknown, err := newCSVReader(run.w)
		if err != nil {
			return err
		}
		run.warnUnknown(run.w.line-1, unknown)
		rows = c
	default:
		n := &ndjsonReader{w: run.w}
		defer func() { run.warnUnknown(n.at, n.unknown) }()
		rows = n
	}
	if err := run.rows(ctx, rows); err != nil {
		return err
	}
	run.progress()
	if run.sum.Rows == 0 {
		return fmt.Errorf("%w: nothing follows the header", ErrNoRows)
	}
	return nil
}

// rows reads to the end of the file.
func (run *importRun) rows(ctx context.Context, rows rowReader) error {
	var r row
	for {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("import stopped at line %d: %w", run.w.line, err)
		}
		bad, err := rows.next(&r)
		if errors.Is(err, io.EOF) {
			return run.flush(ctx)
		}
		if err != nil {
			return fmt.Errorf("read import: line %d: %w", run.w.line, err)
		}
		run.sum.Rows++
		if bad == nil {
			bad = run.take(&r)
		}
		if bad != nil {
			run.sum.Rejected++
			run.onProblem(*bad)
		}
		if len(run.batch) == run.opts.Batch {
			if err := run.flush(ctx); err != nil {
				return err
			}
		}
		if run.sum.Rows%int64(run.opts.Batch) == 0 {
			run.progress()
		}
	}
}

// take puts a good row into the batch.
func (run *importRun) take(r *row) *Problem {
	held, skip, bad := build(r, run.opts.Tenant)
	switch {
	case bad != nil:
		return bad
	case skip:
		run.sum.Skipped++
	default:
		run.batch = append(run.batch, evergrant.Incoming{Row: r.line, Held: held})
	}
	return nil
}

// flush hands the batch over and counts what became of it.
func (run *importRun) flush(ctx context.Context) error {
	if len(run.batch) == 0 {
		return nil
	}
	hand := run.im.Import
	if run.opts.DryRun {
		hand = run.im.Preview
	}
	first, last := run.batch[0].Row, run.batch[len(run.batch)-1].Row
	outcomes, err := hand(ctx, run.batch)
	if err != nil {
		return fmt.Errorf("import lines %d to %d (nothing of them is written; import the file again): %w", first, last, err)
	}
	if len(outcomes) != len(run.batch) {
		return fmt.Errorf("import lines %d to %d: %d outcomes for %d rows", first, last, len(outcomes), len(run.batch))
	}
	for i, o := range outcomes {
		switch o.Verdict {
		case evergrant.ImportCreated:
			run.sum.Created++
		case evergrant.ImportUpdated:
			run.sum.Updated++
		case evergrant.ImportUnchanged:
			run.sum.Unchanged++
			if o.Reason != "" { // nothing is wrong with the row, but whoever sent it may expect another result
				run.onProblem(Problem{Line: run.batch[i].Row, Reason: "is left aside: " + o.Reason, Warning: true})
			}
		case evergrant.ImportRejected:
			run.sum.Rejected++
			run.onProblem(Problem{Line: run.batch[i].Row, Reason: o.Reason})
		default:
			return fmt.Errorf("import line %d: unknown verdict %q", run.batch[i].Row, o.Verdict)
		}
	}
	clear(run.batch) // lets go of the tokens
	run.batch = run.batch[:0]
	return nil
}

func (run *importRun) progress() {
	if run.opts.Progress != nil {
		run.opts.Progress(run.w.read, run.sum.Rows)
	}
}

func (run *importRun) warnUnknown(line int64, names []string) {
	if len(names) > 0 {
		run.onProblem(Problem{Line: line, Reason: "columns that are not known are ignored: " + showNames(names), Warning: true})
	}
}
