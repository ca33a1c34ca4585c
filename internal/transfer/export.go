package transfer

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/evergrant/evergrant"
)

// ExportOptions say what to write. The zero value writes NDJSON of every channel,
// without tokens.
type ExportOptions struct {
	Format     Format // "": NDJSON
	WithTokens bool   // only then can the export be imported
	Tenant     string // "": every tenant

	// Progress is called after each page with the channels written so far. nil: nobody looks.
	Progress func(channels int64)
}

// A Source gives channels page by page, as [evergrant.Store] does.
type Source interface {
	List(ctx context.Context, f evergrant.Filter) ([]evergrant.Channel, error)
	// Held is asked only for an export with tokens.
	Held(ctx context.Context, id int64) (evergrant.Held, error)
}

// exportPage is how many channels are in memory at once.
const exportPage = 500

// Export writes channels to w in ascending order of id and returns how many. A
// channel that changes meanwhile is written as it was or as it is, its token always
// with that token's own expiry; one that disappears is left out. After an error w
// holds an unfinished export.
func Export(ctx context.Context, w io.Writer, opts ExportOptions, src Source) (int64, error) {
	out := bufio.NewWriterSize(w, 64<<10)
	var enc encoder
	switch opts.Format {
	case "", NDJSON:
		enc = newNDJSONEncoder(out)
	case CSV:
		enc = newCSVEncoder(out, opts.WithTokens)
	default:
		return 0, fmt.Errorf("%w %q; use csv or ndjson", ErrFormat, opts.Format)
	}
	n, err := exportAll(ctx, enc, opts, src)
	if err != nil {
		return n, err
	}
	if err := enc.end(); err != nil {
		return n, fmt.Errorf("write export: %w", err)
	}
	return n, nil
}

func exportAll(ctx context.Context, enc encoder, opts ExportOptions, src Source) (n int64, err error) {
	filter := evergrant.Filter{Tenant: opts.Tenant, Limit: exportPage}
	for {
		page, err := src.List(ctx, filter)
		if err != nil {
			return n, fmt.Errorf("export channels after id %d: %w", filter.After, err)
		}
		if len(page) == 0 {
			return n, nil
		}
		for _, c := range page {
			filter.After = c.ID
			held := evergrant.Held{Channel: c}
			if opts.WithTokens {
				held, err = src.Held(ctx, c.ID)
				if errors.Is(err, evergrant.ErrNotFound) {
					continue
				}
				if err != nil {
					return n, fmt.Errorf("export channel %d: %w", c.ID, err)
				}
			}
			if err := enc.channel(held); err != nil {
				return n, fmt.Errorf("write export: %w", err)
			}
			n++
		}
		if opts.Progress != nil {
			opts.Progress(n)
		}
	}
}

// An encoder writes channels in one format. Tokens that it is not given, it does not write.
type encoder interface {
	channel(h evergrant.Held) error
	end() error // flushes
}
