package sqlstore

import (
	"context"
	"fmt"
)

// maxResealErrors is how many unreadable channels Reseal names.
const maxResealErrors = 10

// A resealable is one row that is not wholly sealed with the primary key.
type resealable struct {
	id              int64
	token, previous []byte
}

// Reseal seals every token anew that is not sealed with the keyring's primary key,
// batch rows (0: 500) in a transaction, and returns how many rows it changed. It
// registers the key first. progress, if not nil, hears after each batch how many
// rows are done of about how many.
//
// It may be stopped at any time and run again: it goes on with what is left. Other
// writers may work meanwhile: a row that has changed since it was read is left
// alone, its version does not change, and no lease is touched. A row whose tokens do
// not open is left as it is and named in the error, after all others are done.
func (s *Store) Reseal(ctx context.Context, batch int, progress func(done, total int64)) (changed int64, err error) {
	if err := s.Register(ctx); err != nil {
		return 0, err
	}
	if batch <= 0 {
		batch = 500
	}
	primary := s.keyring.Primary()
	var total, done, after int64
	err = one(ctx, s.db.backend.reader(), func(row scanner) error { return row.Scan(&total) },
		`select count(*) from channels where token_key <> $1 or prev_key <> $1`, primary)
	if err != nil {
		return 0, s.fail("re-seal", err)
	}
	var unreadable []error
	for {
		rows, err := s.resealables(ctx, primary, after, batch)
		if err != nil || len(rows) == 0 {
			return changed, joined(s.fail("re-seal", err), resealError(unreadable))
		}
		n, bad, err := s.resealRows(ctx, rows)
		if err != nil {
			return changed, s.fail("re-seal", err)
		}
		unreadable = append(unreadable, bad...)
		changed, done, after = changed+n, done+int64(len(rows)), rows[len(rows)-1].id
		if progress != nil {
			progress(done, max(done, total))
		}
	}
}

func resealError(unreadable []error) error {
	if len(unreadable) == 0 {
		return nil
	}
	first := unreadable[:min(len(unreadable), maxResealErrors)]
	return fmt.Errorf("%d channels could not be re-sealed and keep their key: %w", len(unreadable), joined(first...))
}

func (s *Store) resealables(ctx context.Context, primary string, after int64, batch int) ([]resealable, error) {
	var rows []resealable
	err := each(ctx, s.db.backend.reader(), func(row scanner) error {
		var r resealable
		if err := row.Scan(&r.id, &r.token, &r.previous); err != nil {
			return err
		}
		rows = append(rows, r)
		return nil
	}, `select id, token_sealed, prev_sealed from channels
		where id > $1 and (token_key <> $2 or prev_key <> $2) order by id limit $3`, after, primary, batch)
	return rows, err
}

// resealRows opens and seals rows outside of the transaction, and then writes those
// that still hold what was read.
func (s *Store) resealRows(ctx context.Context, rows []resealable) (changed int64, unreadable []error, err error) {
	writes := make([][]any, 0, len(rows))
	for _, r := range rows {
		token, previous, err := s.resealRow(r)
		if err != nil {
			unreadable = append(unreadable, err)
			continue
		}
		writes = append(writes, []any{token.blob, token.key, previous.blob, previous.key, r.id, nullable(r.token), nullable(r.previous)})
	}
	err = s.db.backend.transaction(ctx, func(ctx context.Context, q querier) error {
		changed = 0
		for _, args := range writes {
			n, err := q.exec(ctx, `update channels set token_sealed = $1, token_key = $2, prev_sealed = $3, prev_key = $4
				where id = $5 and token_sealed is not distinct from $6 and prev_sealed is not distinct from $7`, args...)
			if err != nil {
				return err
			}
			changed += n
		}
		return nil
	})
	return changed, unreadable, err
}

func (s *Store) resealRow(r resealable) (token, previous sealed, err error) {
	reseal := func(place string, blob []byte) (sealed, error) {
		value, err := s.openColumn(r.id, place, blob)
		if err != nil {
			return sealed{}, err
		}
		return s.seal(r.id, place, value)
	}
	if token, err = reseal(tokenPlace, r.token); err == nil {
		previous, err = reseal(previousPlace, r.previous)
	}
	return token, previous, err
}

// nullable keeps an absent value from being taken for an empty one.
func nullable(blob []byte) any {
	if blob == nil {
		return nil
	}
	return blob
}
