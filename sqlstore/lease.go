package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/evergrant/evergrant"
)

// acquireTries bounds how often Acquire looks again at a lease that ended between
// its two statements.
const acquireTries = 10

// Acquire implements [evergrant.Store]. When a token of the row does not open, the
// lease is given back and the error tells.
func (s *Store) Acquire(ctx context.Context, id int64, owner string, ttl time.Duration) (evergrant.Lease, evergrant.Held, error) {
	doing := fmt.Sprintf("lease channel %d", id)
	for range acquireTries {
		lease, row, err := s.tryAcquire(ctx, id, owner, ttl)
		if err == nil {
			s.apps.Store(row.held.App, true)
			h, err := s.open(row)
			if err != nil {
				return evergrant.Lease{}, evergrant.Held{}, s.fail(doing, joined(err, s.Release(ctx, lease)))
			}
			return lease, h, nil
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return evergrant.Lease{}, evergrant.Held{}, s.fail(doing, err)
		}
		leased, err := s.whoHolds(ctx, id)
		if err != nil {
			return evergrant.Lease{}, evergrant.Held{}, s.fail(doing, noRows(err, evergrant.ErrNotFound))
		}
		if leased.Wait > 0 {
			return evergrant.Lease{}, evergrant.Held{}, fmt.Errorf("%s: %w", doing, leased)
		}
	}
	return evergrant.Lease{}, evergrant.Held{}, fmt.Errorf("%s: %w", doing, &evergrant.LeasedError{ChannelID: id, Owner: "changing owners"})
}

func (s *Store) tryAcquire(ctx context.Context, id int64, owner string, ttl time.Duration) (lease evergrant.Lease, row sealedRow, err error) {
	err = s.db.backend.statement(ctx, func(ctx context.Context, q querier) error {
		lease, row = evergrant.Lease{ChannelID: id, Owner: owner}, sealedRow{}
		return one(ctx, q, func(r scanner) error {
			return scanHeld(r, &row, &lease.Seq, timeOf{&lease.Until})
		}, s.sql.acquire, clean(owner), max(1, ttl.Milliseconds()), id)
	})
	return lease, row, err
}

// whoHolds tells who holds a lease and how long it still runs, or sql.ErrNoRows.
func (s *Store) whoHolds(ctx context.Context, id int64) (*evergrant.LeasedError, error) {
	e := &evergrant.LeasedError{ChannelID: id}
	var wait int64
	err := one(ctx, s.db.backend.reader(), func(row scanner) error { return row.Scan(&e.Owner, &e.Seq, &wait) }, s.sql.waiting, id)
	e.Wait = time.Duration(wait) * time.Millisecond
	return e, err
}

// Commit implements [evergrant.Store]. A channel whose account id now belongs to
// another channel is refused with [evergrant.ErrStale], too.
func (s *Store) Commit(ctx context.Context, l evergrant.Lease, h evergrant.Held, events ...evergrant.Event) (evergrant.Channel, error) {
	doing := fmt.Sprintf("write channel %d", l.ChannelID)
	if h.ID != l.ChannelID {
		return evergrant.Channel{}, fmt.Errorf("%s: the row is of channel %d: %w", doing, h.ID, evergrant.ErrStale)
	}
	h, err := cleanHeld(h)
	if err != nil {
		return evergrant.Channel{}, s.fail(doing, err)
	}
	expected := h.Version
	h.UpdatedAt = normal(s.db.now())
	err = s.sealing(ctx, func() error {
		args, err := s.written(h)
		if err != nil {
			return err
		}
		args = append(args, l.ChannelID, l.Seq, expected)
		noted := func() {}
		err = s.db.backend.transaction(ctx, func(ctx context.Context, q querier) (err error) {
			if noted, err = s.ensureApp(ctx, q, h.App); err != nil {
				return err
			}
			err = one(ctx, q, func(row scanner) error { return row.Scan(timeOf{&h.CreatedAt}, &h.Version) }, s.sql.commit, args...)
			if err != nil {
				return err
			}
			for _, ev := range events {
				if err := s.addEvent(ctx, q, l.ChannelID, h.UpdatedAt, ev); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			noted()
		}
		return err
	})
	if s.db.dialect.fault(err) == faultUnique {
		return evergrant.Channel{}, fmt.Errorf("%s: account %s belongs to another channel: %w", doing, h.AccountID, evergrant.ErrStale)
	}
	if err != nil {
		return evergrant.Channel{}, s.fail(doing, noRows(err, evergrant.ErrStale))
	}
	return h.Channel, nil
}

// Release implements [evergrant.Store].
func (s *Store) Release(ctx context.Context, l evergrant.Lease) error {
	err := s.db.backend.statement(ctx, func(ctx context.Context, q querier) error {
		_, err := q.exec(ctx, `update channels set lease_owner = '', lease_until = null where id = $1 and lease_seq = $2`, l.ChannelID, l.Seq)
		return err
	})
	return s.fail(fmt.Sprintf("release channel %d", l.ChannelID), err)
}
