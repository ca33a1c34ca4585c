package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/evergrant/evergrant"
)

// Brake implements [evergrant.Store].
func (s *Store) Brake(ctx context.Context, app string) (evergrant.Brake, error) {
	b := evergrant.Brake{App: app}
	err := one(ctx, s.db.backend.reader(), func(row scanner) error {
		return row.Scan(&b.Closed, &b.Signature, &b.Reason, timeOf{&b.ClosedAt}, timeOf{&b.NextProbeAt}, &b.Probes, timeOf{&b.PausedUntil}, &b.Version)
	}, `select closed, signature, reason, closed_at, next_probe_at, probes, paused_until, version from brakes where app = $1`, app)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return evergrant.Brake{}, s.fail(fmt.Sprintf("brake of app %q", app), err)
	}
	return b, nil
}

// SetBrake implements [evergrant.Store]. The stored version becomes b.Version + 1.
func (s *Store) SetBrake(ctx context.Context, b evergrant.Brake) error {
	closed := 0
	if b.Closed {
		closed = 1
	}
	args := []any{
		b.App, closed, clean(b.Signature), clean(b.Reason), millis(b.ClosedAt), millis(b.NextProbeAt), b.Probes, millis(b.PausedUntil),
	}
	query := `update brakes set closed = $2, signature = $3, reason = $4, closed_at = $5, next_probe_at = $6, probes = $7,
		paused_until = $8, version = version + 1 where app = $1 and version = $9`
	if b.Version == 0 { // never stored: whoever is first creates it
		query = `insert into brakes (app, closed, signature, reason, closed_at, next_probe_at, probes, paused_until, version)
			values ($1, $2, $3, $4, $5, $6, $7, $8, 1) on conflict do nothing`
	} else {
		args = append(args, b.Version)
	}
	noted := func() {}
	err := s.db.backend.transaction(ctx, func(ctx context.Context, q querier) (err error) {
		if noted, err = s.ensureApp(ctx, q, b.App); err != nil {
			return err
		}
		n, err := q.exec(ctx, query, args...)
		if err == nil && n == 0 {
			err = evergrant.ErrStale
		}
		return err
	})
	if err == nil {
		noted()
	}
	return s.fail(fmt.Sprintf("set brake of app %q", b.App), err)
}
