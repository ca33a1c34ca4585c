package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/evergrant/evergrant/seal"
)

// checkText is what the check value of each key holds, and checkPlace what it is bound to.
const (
	checkText  = "evergrant sealing key"
	checkPlace = "keys.check_value"
)

// Unlock makes a store of the database. Before anything is written it makes sure
// that the keyring opens the check value of every key that the database uses, else
// it returns [ErrWrongKeyset]. It then creates the SQLite file if there is none
// (mode 0600, in a folder of mode 0700), brings the schema forward, and registers
// the keyring's primary key. Any number of processes may do so at once; one does
// the work, the others wait for it.
//
// When nothing of this is left to do, Unlock makes no query at all.
func (db *DB) Unlock(ctx context.Context, keyring Keyring) (*Store, error) {
	if err := db.verify(db.head.keys, keyring); err != nil {
		return nil, err
	}
	s := newStore(db, keyring)
	if db.head.version < latestVersion() {
		if err := db.backend.migrate(ctx); err != nil {
			return nil, db.explain(err)
		}
	} else if db.uses(keyring.Primary()) {
		return s, nil
	}
	if err := s.Register(ctx); err != nil {
		return nil, err
	}
	head, err := db.readHead(ctx)
	if err != nil {
		return nil, db.explain(err)
	}
	db.head = head
	return s, nil
}

func (db *DB) uses(keyID string) bool {
	return slices.ContainsFunc(db.head.keys, func(k keyRow) bool { return k.id == keyID })
}

// verify opens the check value of every key.
func (db *DB) verify(keys []keyRow, keyring Keyring) error {
	var missing []string
	var cause error
	for _, k := range keys {
		text, err := keyring.Open(k.check, seal.Bind(0, checkPlace))
		if err == nil && string(text) != checkText {
			err = fmt.Errorf("check value of key %s holds another text", k.id)
		}
		if err != nil {
			missing, cause = append(missing, k.id), err
		}
	}
	if cause == nil {
		return nil
	}
	return fmt.Errorf("%s: %w: it does not open values of key %s; restore the keyset file that belongs to this database (EVERGRANT_KEYSET_FILE): %w",
		db.name, ErrWrongKeyset, strings.Join(missing, ", "), cause)
}

// Register makes the keyring's primary key known to the database, so that rows may
// name it, after checking that the keyring still opens every key in use. Do so after
// a rotation. Registering twice does nothing.
func (s *Store) Register(ctx context.Context) error {
	check, keyID, err := s.keyring.Seal([]byte(checkText), seal.Bind(0, checkPlace))
	if err != nil {
		return fmt.Errorf("register sealing key: %w", err)
	}
	err = s.db.backend.transaction(ctx, func(ctx context.Context, q querier) error {
		if err := s.db.dialect.lockKeys(ctx, q); err != nil {
			return err
		}
		var keys []keyRow
		err := each(ctx, q, func(row scanner) error {
			var k keyRow
			if err := row.Scan(&k.id, &k.check); err != nil {
				return err
			}
			keys = append(keys, k)
			return nil
		}, `select id, check_value from keys`)
		if err != nil {
			return err
		}
		if err := s.db.verify(keys, s.keyring); err != nil {
			return err
		}
		_, err = q.exec(ctx, `insert into keys (id, check_value, created_at) values ($1, $2, $3) on conflict do nothing`,
			keyID, check, s.db.now().UnixMilli())
		return err
	})
	return s.fail("register sealing key "+keyID, err)
}
