package sqlstore

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/evergrant/evergrant"
)

// A Store is an unlocked database. It implements [evergrant.Store] and is safe for
// concurrent use by any number of goroutines and, each with its own Store, processes.
//
// A limit of zero or less means 1000 wherever a method takes one.
type Store struct {
	db      *DB
	keyring Keyring
	sql     statements
	apps    sync.Map // id -> true: apps that are known to be registered
}

var _ evergrant.Store = (*Store)(nil)

func newStore(db *DB, keyring Keyring) *Store {
	return &Store{db: db, keyring: keyring, sql: newStatements(db.dialect)}
}

// DB is the database behind the store.
func (s *Store) DB() *DB { return s.db }

// Close ends all connections, and waits for writes that have begun. It may be
// called twice.
func (s *Store) Close() error { return s.db.Close() }

// fail wraps an error once, with what was being done.
func (s *Store) fail(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, s.db.explain(err))
}

// sealing runs a write that seals tokens. When the database does not know the key
// that sealed them (another process has rotated the keyset, or retired the key just
// now), it reads the keyset again, registers the key that is primary now, and runs
// the write once more. Nothing of the first run was stored.
func (s *Store) sealing(ctx context.Context, write func() error) error {
	err := write()
	if s.db.dialect.fault(err) != faultForeignKey {
		return err
	}
	if rerr := s.keyring.Reload(ctx); rerr != nil {
		return joined(err, rerr)
	}
	if rerr := s.Register(ctx); rerr != nil {
		return joined(err, rerr)
	}
	return write()
}

// ensureApp makes the app known, so that a row may name it. noted must be run after
// the transaction has been committed.
func (s *Store) ensureApp(ctx context.Context, q querier, app string) (noted func(), err error) {
	if _, known := s.apps.Load(app); known {
		return func() {}, nil
	}
	_, err = q.exec(ctx, `insert into apps (id, created_at) values ($1, $2) on conflict do nothing`, app, s.db.now().UnixMilli())
	return func() { s.apps.Store(app, true) }, err
}

// statements are the texts that depend on the dialect.
type statements struct {
	acquire, waiting            string
	byIDs, byAccounts, byPrints string
	commit, update              string
	insertRows                  func(n int) string // of n channels; one whose id or account exists is left out
	insertEvents                func(n int) string
}

func newStatements(d dialect) statements {
	n := len(writtenColumns)
	var set []string
	for i, c := range writtenColumns {
		set = append(set, c+" = $"+strconv.Itoa(i+1))
	}
	found := func(where string) string {
		return `select ` + heldColumns + ` from channels where ` + where + ` order by id` + d.lockRows()
	}
	return statements{
		acquire: `update channels set lease_owner = $1, lease_until = ` + d.now() + ` + $2, lease_seq = lease_seq + 1
			where id = $3 and (lease_until is null or lease_until <= ` + d.now() + `)
			returning ` + heldColumns + `, lease_seq, lease_until`,
		waiting: `select lease_owner, lease_seq, coalesce(lease_until - ` + d.now() + `, 0) from channels where id = $1`,
		commit: fmt.Sprintf(`update channels set %s, version = version + 1, lease_owner = '', lease_until = null
			where id = $%d and lease_seq = $%d and version = $%d returning created_at, version`, strings.Join(set, ", "), n+1, n+2, n+3),
		update: fmt.Sprintf(`update channels set %s, version = version + 1
			where id = $%d and version = $%d`, strings.Join(set, ", "), n+1, n+2),
		byIDs:      found(d.among("id", "$1")),
		byAccounts: found("app = $2 and " + d.among("account_id", "$1") + ` and account_id <> ''`),
		byPrints:   found("app = $2 and " + d.among("imported_fp", "$1") + ` and imported_fp <> ''`),
		insertRows: byCount(func(n int) string {
			return insertText(d, "channels", channelInsert, n) + " on conflict do nothing"
		}),
		insertEvents: byCount(func(n int) string { return insertText(d, "events", eventInsert, n) }),
	}
}

// channelInsert and eventInsert are the columns of the two inserts. A new channel's
// version is 1.
var (
	channelInsert = append([]string{"id", "created_at", "version"}, writtenColumns...)
	eventInsert   = []string{"channel_id", "at", "type", "reason", "error", "data"}
)

// byCount makes each text once, when it is first asked for.
func byCount(text func(n int) string) func(n int) string {
	var made sync.Map
	return func(n int) string {
		if known, ok := made.Load(n); ok {
			return known.(string)
		}
		made.Store(n, text(n))
		return text(n)
	}
}

func insertText(d dialect, table string, columns []string, rows int) string {
	var b strings.Builder
	b.WriteString("insert into " + table + " (" + strings.Join(columns, ", ") + ") values ")
	for row := range rows {
		if row > 0 {
			b.WriteString(", ")
		}
		for c := range columns {
			b.WriteString(separator(c) + d.next(row*len(columns)+c+1))
		}
		b.WriteByte(')')
	}
	return b.String()
}

func separator(column int) string {
	if column == 0 {
		return "("
	}
	return ", "
}
