package sqlstore

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/evergrant/evergrant/seal"
)

// A Keyring seals and opens secrets; *seal.Keyring is one. It is used by many
// goroutines at once.
type Keyring interface {
	Seal(plaintext, ad []byte) (sealed []byte, keyID string, err error)
	Open(sealed, ad []byte) ([]byte, error)
	Primary() string                  // the id of the key that seals
	Reload(ctx context.Context) error // notice keys that another process has added
}

var _ Keyring = (*seal.Keyring)(nil)

// Config says which database to open, and how.
type Config struct {
	// URL is sqlite:///abs/path, sqlite://relative/path, or a PostgreSQL URL as pgx
	// understands it, parameters included.
	URL string
	// Now is the clock of created_at and updated_at; nil means time.Now. Leases
	// are counted by the database's own clock.
	Now func() time.Time
	// Log hears of migrations; nil means that nobody does.
	Log *slog.Logger
	// MaxConns bounds the connections to PostgreSQL; 0 means 16. SQLite always has
	// one that writes and up to four that read.
	MaxConns int
}

// A DB is a database whose tokens cannot be read yet: [DB.Unlock] makes a [Store]
// of it. It is safe for concurrent use.
type DB struct {
	name    string // for people, without secrets
	now     func() time.Time
	log     *slog.Logger
	dialect dialect
	backend backend
	head    head

	closing sync.Once
	closed  error
}

// Open connects to a database and looks at its schema and its sealing keys, with
// one query. It writes nothing: a SQLite file that does not exist yet is created
// by [DB.Unlock]. Errors match [ErrURL], [ErrNewerSchema], [ErrForeign],
// [ErrNotDatabase], [ErrReadOnly] or [ErrUnavailable].
func Open(ctx context.Context, cfg Config) (*DB, error) {
	t, err := parseURL(cfg.URL)
	if err != nil {
		return nil, err
	}
	db := &DB{name: t.name, now: cfg.Now, log: cfg.Log}
	if db.now == nil {
		db.now = time.Now
	}
	if db.log == nil {
		db.log = slog.New(slog.DiscardHandler)
	}
	exists := true
	if t.path != "" {
		if exists, err = fileExists(t.path); err != nil {
			return nil, fmt.Errorf("%s: %w", db.name, err)
		}
		db.dialect, db.backend = sqliteDialect{}, openSQLite(t.path, db.log)
	} else {
		p, err := openPostgres(t.dsn, cfg.MaxConns, db.log)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", db.name, err)
		}
		db.dialect, db.backend = postgresDialect{}, p
	}
	if exists {
		if db.head, err = db.readHead(ctx); err != nil {
			return nil, joined(db.explain(err), db.Close())
		}
	}
	return db, nil
}

// Name is the database for people: without user, password and parameters.
func (db *DB) Name() string { return db.name }

// Schema returns the version of the database's schema when it was opened, 0 when it
// is new, and the version that this program brings it to.
func (db *DB) Schema() (have, want int64) { return db.head.version, latestVersion() }

// SealedWith returns the ids of the sealing keys that the database uses, in order.
// It is empty when nothing has ever been sealed, and only then may a keyset be made.
func (db *DB) SealedWith(ctx context.Context) ([]string, error) {
	head, err := db.freshHead(ctx)
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(head.keys))
	for _, k := range head.keys {
		ids = append(ids, k.id)
	}
	return ids, nil
}

// Close ends all connections, and waits for writes that have begun. It may be
// called twice.
func (db *DB) Close() error {
	db.closing.Do(func() {
		if err := db.backend.close(); err != nil {
			db.closed = fmt.Errorf("close %s: %w", db.name, err)
		}
	})
	return db.closed
}
