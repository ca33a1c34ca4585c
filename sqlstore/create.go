package sqlstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/evergrant/evergrant"
)

// errRaced: another writer was faster; the transaction may be run again.
var errRaced = errors.New("another writer was faster")

// Create implements [evergrant.Store].
func (s *Store) Create(ctx context.Context, h evergrant.Held, ev evergrant.Event) (evergrant.Channel, error) {
	const doing = "create channel"
	h, err := cleanHeld(h)
	if err == nil {
		err = checkID(h.ID)
	}
	if err != nil {
		return evergrant.Channel{}, s.fail(doing, err)
	}
	now := normal(s.db.now())
	chosen := h.ID
	h.CreatedAt, h.UpdatedAt, h.Version = now, now, 1
	err = s.sealing(ctx, func() error {
		noted := func() {}
		err := s.db.backend.transaction(ctx, func(ctx context.Context, q querier) (err error) {
			if noted, err = s.ensureApp(ctx, q, h.App); err != nil {
				return err
			}
			h.ID = chosen
			if chosen == 0 {
				ids, err := s.db.dialect.allocate(ctx, q, 1, 0)
				if err != nil {
					return err
				}
				h.ID = ids[0]
			} else if _, err := s.db.dialect.allocate(ctx, q, 0, chosen); err != nil {
				return err
			}
			if err := s.insertOne(ctx, q, h, chosen != 0); err != nil {
				return err
			}
			return s.addEvent(ctx, q, h.ID, now, ev)
		})
		if err == nil {
			noted()
		}
		return err
	})
	if err != nil {
		return evergrant.Channel{}, s.fail(doing, err)
	}
	return h.Channel, nil
}

// insertOne inserts h, or says why it exists already: as ErrStale, or as errRaced
// when another writer has been given the same fresh id.
func (s *Store) insertOne(ctx context.Context, q querier, h evergrant.Held, chosenID bool) error {
	args, err := s.inserted(h)
	if err != nil {
		return err
	}
	n, err := q.exec(ctx, s.sql.insertRows(1), args...)
	if err != nil {
		return err
	}
	if n == 1 {
		return nil
	}
	if !chosenID {
		var taken int
		err := one(ctx, q, func(row scanner) error { return row.Scan(&taken) }, `select count(*) from channels where id = $1`, h.ID)
		if err != nil {
			return err
		}
		if taken > 0 {
			return errRaced
		}
		return fmt.Errorf("account %s has a channel: %w", h.AccountID, evergrant.ErrStale)
	}
	return fmt.Errorf("id %d or account %q has a channel: %w", h.ID, h.AccountID, evergrant.ErrStale)
}

// inserted returns the arguments of statements.insertRows.
func (s *Store) inserted(h evergrant.Held) ([]any, error) {
	values, err := s.written(h)
	if err != nil {
		return nil, err
	}
	return append([]any{h.ID, millis(h.CreatedAt), h.Version}, values...), nil
}
