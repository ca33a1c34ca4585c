package service

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/internal/transfer"
	"github.com/evergrant/evergrant/service/settings"
)

// The vocabulary of imports and exports.
type (
	ImportOptions = transfer.ImportOptions
	ImportSummary = transfer.Summary
	ImportProblem = transfer.Problem
	ExportOptions = transfer.ExportOptions
	Format        = transfer.Format
)

// The formats of imports and exports.
const (
	CSV    = transfer.CSV
	NDJSON = transfer.NDJSON
)

// Import reads channels from r into the database that the settings name. Bad rows are
// told to onProblem and skipped. The database, and the keyset with the first one, are
// made when the first good rows are there, so a file without any leaves nothing behind.
// A dry run gives the same verdicts and writes nothing at all.
func Import(ctx context.Context, cfg *settings.Settings, o Options, r io.Reader, imp ImportOptions, onProblem func(ImportProblem)) (ImportSummary, error) {
	o.Create, o.Offline = !imp.DryRun, true
	in := &lazyImporter{open: func() (*Service, error) { return Open(ctx, cfg, o) }, now: o.Now}
	sum, err := transfer.Import(ctx, r, imp, in, onProblem)
	if in.failed != nil {
		err = in.failed // which says more than the lines at which it happened
	}
	return sum, errors.Join(err, in.close())
}

// lazyImporter opens the service when the first rows arrive.
type lazyImporter struct {
	open   func() (*Service, error)
	now    func() time.Time
	svc    *Service // nil: not open
	keeper *evergrant.Keeper
	failed error // why it could not be opened
}

// Import writes the rows.
func (l *lazyImporter) Import(ctx context.Context, rows []evergrant.Incoming) ([]evergrant.ImportOutcome, error) {
	if err := l.ready(); err != nil {
		return nil, err
	}
	return l.keeper.Import(ctx, rows)
}

// Preview gives the verdicts. Where there is no database yet, every row would be created.
func (l *lazyImporter) Preview(ctx context.Context, rows []evergrant.Incoming) ([]evergrant.ImportOutcome, error) {
	err := l.ready()
	if errors.Is(err, ErrNoDatabase) {
		l.failed = nil
		l.keeper, err = evergrant.New(evergrant.Config{Store: emptyStore{}, Now: l.now})
	}
	if err != nil {
		return nil, err
	}
	return l.keeper.Preview(ctx, rows)
}

func (l *lazyImporter) ready() error {
	if l.keeper != nil {
		return nil
	}
	if l.svc, l.failed = l.open(); l.failed != nil {
		return l.failed
	}
	l.keeper = l.svc.keeper
	return nil
}

func (l *lazyImporter) close() error {
	if l.svc == nil {
		return nil
	}
	return l.svc.Close()
}

// Export writes channels to w and returns how many. After an error w holds an unfinished export.
func (s *Service) Export(ctx context.Context, w io.Writer, o ExportOptions) (int64, error) {
	return transfer.Export(ctx, w, o, s.store)
}

// emptyStore is a store without channels, of which a preview needs this one method.
type emptyStore struct{ evergrant.Store }

func (emptyStore) Preview(_ context.Context, rows []evergrant.Incoming, decide evergrant.ImportDecision) ([]evergrant.ImportOutcome, error) {
	outcomes := make([]evergrant.ImportOutcome, 0, len(rows))
	for _, in := range rows {
		outcomes = append(outcomes, decide(nil, in))
	}
	return outcomes, nil
}
