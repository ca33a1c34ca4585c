package sqlstore

import (
	"context"
	"fmt"
	"time"
)

// A KeyUse says how much of the database one sealing key protects.
type KeyUse struct {
	ID           string
	RegisteredAt time.Time
	Primary      bool  // new values are sealed with it
	Tokens       int64 // current tokens sealed with it
	Previous     int64 // previous tokens sealed with it
}

// Keys lists the registered sealing keys, the oldest first. It reads every channel
// row, which takes about a second for each million.
func (s *Store) Keys(ctx context.Context) ([]KeyUse, error) {
	uses := []KeyUse{}
	primary := s.keyring.Primary()
	err := each(ctx, s.db.backend.reader(), func(row scanner) error {
		var u KeyUse
		if err := row.Scan(&u.ID, timeOf{&u.RegisteredAt}, &u.Tokens, &u.Previous); err != nil {
			return err
		}
		u.Primary = u.ID == primary
		uses = append(uses, u)
		return nil
	}, `select k.id, k.created_at, coalesce(t.n, 0), coalesce(p.n, 0) from keys k
		left join (select token_key, count(*) as n from channels where token_key is not null group by token_key) t on t.token_key = k.id
		left join (select prev_key, count(*) as n from channels where prev_key is not null group by prev_key) p on p.prev_key = k.id
		order by k.created_at, k.id`)
	if err != nil {
		return nil, s.fail("list sealing keys", err)
	}
	return uses, nil
}

// Retire forgets a key, so that no row may name it any more. It returns [ErrKeyInUse]
// when a row still does; the database itself sees to that. A key that is not
// registered is no error. Only afterwards may the key be taken out of the keyset.
// The primary key is refused with [ErrKeyInUse], too.
func (s *Store) Retire(ctx context.Context, keyID string) error {
	doing := "retire sealing key " + keyID
	if keyID == s.keyring.Primary() {
		return fmt.Errorf("%s: %w: it seals new tokens; rotate first", doing, ErrKeyInUse)
	}
	err := s.db.backend.transaction(ctx, func(ctx context.Context, q querier) error {
		_, err := q.exec(ctx, `delete from keys where id = $1`, keyID)
		return err
	})
	if s.db.dialect.fault(err) == faultForeignKey {
		return fmt.Errorf("%s: %w: re-seal the tokens with the new key first (evergrant keys rotate)", doing, ErrKeyInUse)
	}
	return s.fail(doing, err)
}
