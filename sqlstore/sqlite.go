package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"syscall"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const (
	busyMillis      = 10_000 // how long a writer waits for another process's transaction
	migrateMillis   = 60_000 // how long a start waits for another process's migration
	readConnections = 4
)

// fileExists reports whether path is a file that may hold a database.
func fileExists(path string) (bool, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("%w: %w", ErrNotDatabase, errors.Unwrap(err))
	case info.IsDir():
		return false, fmt.Errorf("%w: it is a folder; name a file in it, as in %s", ErrNotDatabase, filepath.Join(path, "evergrant.db"))
	case !info.Mode().IsRegular():
		return false, fmt.Errorf("%w: it is not a regular file", ErrNotDatabase)
	}
	return true, nil
}

// A sqliteBackend is one file: a pool that reads, and one connection that writes.
// No connection is made before it is needed, so that a command which only reads
// never opens the writing one.
type sqliteBackend struct {
	path   string
	log    *slog.Logger
	readDB *sql.DB
	reads  *prepared
	writes *group
}

func openSQLite(path string, log *slog.Logger) *sqliteBackend {
	b := &sqliteBackend{path: path, log: log}
	b.readDB = mustOpen(fileDSN(path, "rw", busyMillis, "query_only(1)", "cache_size(-8000)"))
	b.readDB.SetMaxOpenConns(readConnections)
	b.readDB.SetMaxIdleConns(readConnections)
	b.reads = &prepared{on: b.readDB}
	b.writes = newGroup(mustOpen(writerDSN(path)))
	return b
}

// writerDSN: synchronous(FULL) makes a commit survive a loss of power, see the
// package doc. The cache takes about twice its size in memory, since the driver's
// allocator rounds a page and its header up to 8 KiB. A long log, of 64 MiB, copies a
// page that changes often back to the file less often: an import writes almost a fifth less.
func writerDSN(path string) string {
	return fileDSN(path, "rw", busyMillis, "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "cache_size(-16000)",
		"wal_autocheckpoint(16000)", "journal_size_limit(67108864)")
}

// fileDSN makes the driver's name of a file. Every connection needs its PRAGMAs, so
// they stand here.
func fileDSN(path, mode string, busy int, pragmas ...string) string {
	v := url.Values{
		"mode": {mode}, "_txlock": {"immediate"}, "_dqs": {"0"}, "_error_rc": {"1"},
		"_pragma": {fmt.Sprintf("busy_timeout(%d)", busy)},
	}
	for _, p := range pragmas {
		v.Add("_pragma", p)
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: v.Encode()}).String()
}

// mustOpen makes a pool without connecting.
func mustOpen(dsn string) *sql.DB {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		panic(err) // only when the driver is not linked
	}
	return db
}

func (b *sqliteBackend) reader() querier { return b.reads }

func (b *sqliteBackend) statement(ctx context.Context, fn work) error {
	return b.writes.do(ctx, fn, single)
}

func (b *sqliteBackend) transaction(ctx context.Context, fn work) error {
	return b.writes.do(ctx, fn, several)
}

func (b *sqliteBackend) long(ctx context.Context, fn work) error {
	return b.writes.do(ctx, fn, alone)
}

func (b *sqliteBackend) close() error {
	return joined(b.writes.close(), b.reads.close(), b.readDB.Close())
}

// migrate holds an exclusive lock on a second, empty database beside the first
// while goose works: goose runs each migration in a transaction of its own and reads
// the version outside of it, so the main file's own locks would not do. The system
// ends the lock when the process dies.
func (b *sqliteBackend) migrate(ctx context.Context) (err error) {
	if err := os.MkdirAll(filepath.Dir(b.path), 0o700); err != nil {
		return fmt.Errorf("%w: %w; choose a folder that this user may write", ErrReadOnly, err)
	}
	lockPath := b.path + ".lock"
	for _, path := range []string{lockPath, b.path} {
		if err := createFile(path); err != nil {
			return err
		}
	}
	lockDB := mustOpen(fileDSN(lockPath, "rw", migrateMillis))
	defer func() { err = joined(err, lockDB.Close()) }()
	conn, err := lockDB.Conn(ctx)
	if err != nil {
		return fmt.Errorf("lock %s: %w", lockPath, err)
	}
	defer func() { err = joined(err, conn.Close()) }() // ends the lock
	if _, err := conn.ExecContext(ctx, "begin exclusive"); err != nil {
		return fmt.Errorf("wait for the migration of another process, lock %s: %w", lockPath, err)
	}
	db := mustOpen(writerDSN(b.path))
	db.SetMaxOpenConns(1)
	defer func() { err = joined(err, db.Close()) }()
	return runMigrations(ctx, goose.DialectSQLite3, db, migrationDir("sqlite"), b.log)
}

// createFile makes an empty file for its owner alone, if there is none.
func createFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("create %s: %w: make room on its disk", path, ErrDiskFull)
	case err != nil:
		return fmt.Errorf("%w: %w; choose a folder that this user may write", ErrReadOnly, err)
	}
	return f.Close()
}

type sqliteDialect struct{}

func (sqliteDialect) fault(err error) fault {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return faultOther
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID:
		return faultUnique
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return faultForeignKey
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return faultFull
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH:
		return faultReadOnly
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FORMAT:
		return faultNotDatabase
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_IOERR:
		return faultUnavailable
	}
	return faultOther
}

func (sqliteDialect) now() string { return "cast(round(unixepoch('subsec') * 1000) as integer)" }

func (sqliteDialect) fold(column string) string { return "lower(" + column + ")" } // ASCII only

func (sqliteDialect) among(column, param string) string {
	return column + " in (select value from json_each(" + param + "))"
}

func (sqliteDialect) texts(values []string) any { return jsonList(values) }

func (sqliteDialect) numbers(values []int64) any { return jsonList(values) }

func jsonList[T string | int64](values []T) string {
	b, err := json.Marshal(values)
	if err != nil {
		panic(err) // text and numbers always marshal
	}
	return string(b)
}

func (sqliteDialect) lockRows() string { return "" } // a writing transaction is alone

// allocate reads what autoincrement would give. The transaction is alone, and the
// insert of an id moves the sequence past it.
func (sqliteDialect) allocate(ctx context.Context, q querier, n int, above int64) ([]int64, error) {
	if n == 0 {
		return nil, nil
	}
	var last int64
	err := one(ctx, q, func(row scanner) error { return row.Scan(&last) },
		`select coalesce(max(seq), 0) from sqlite_sequence where name = 'channels'`)
	if err != nil {
		return nil, err
	}
	last = max(last, above)
	ids := make([]int64, n)
	for i := range ids {
		ids[i] = last + 1 + int64(i)
	}
	return ids, nil
}

func (sqliteDialect) next(int) string { return "?" } // the driver looks a named one up for each row

func (sqliteDialect) insertMany() int { return 20 }

func (sqliteDialect) lockKeys(context.Context, querier) error { return nil } // begin immediate did it

func (sqliteDialect) hasTable(ctx context.Context, q querier, name string) (bool, error) {
	var n int
	err := one(ctx, q, func(row scanner) error { return row.Scan(&n) },
		`select count(*) from sqlite_master where type in ('table', 'view') and name = $1`, name)
	return n > 0, err
}
