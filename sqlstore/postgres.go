package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

const (
	defaultMaxConns  = 16
	maxAttempts      = 5       // of one transaction, when PostgreSQL asks to run it again
	oldestPostgres   = 130_000 // server_version_num of PostgreSQL 13
	migrationLock    = 0x65766772616e7401
	registrationLock = 0x65766772616e7402
)

// A postgresBackend is a pool of connections to a server.
type postgresBackend struct {
	db  *sql.DB
	log *slog.Logger
}

func openPostgres(dsn string, maxConns int, log *slog.Logger) (*postgresBackend, error) {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", ErrURL, withoutURL(err, dsn))
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = 10 * time.Second
	}
	if cfg.RuntimeParams["application_name"] == "" {
		cfg.RuntimeParams["application_name"] = "evergrant"
	}
	if maxConns <= 0 {
		maxConns = defaultMaxConns
	}
	db := stdlib.OpenDB(*cfg)
	db.SetMaxOpenConns(maxConns)
	db.SetMaxIdleConns(maxConns)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return &postgresBackend{db: db, log: log}, nil
}

// withoutURL gives the reason of a parse error without the text that was parsed:
// pgx hides the password only where it can find it.
func withoutURL(err error, dsn string) string {
	reason := "a parameter is not understood; see the PostgreSQL documentation of connection URLs"
	if e := errors.Unwrap(err); e != nil && !strings.Contains(dsn, e.Error()) {
		if text := e.Error(); !containsPart(text, dsn) {
			reason = text
		}
	}
	return reason
}

// containsPart reports whether text repeats the password of the URL.
func containsPart(text, dsn string) bool {
	cfg, err := pgx.ParseConfig(dsn)
	if err == nil && cfg.Password != "" {
		return strings.Contains(text, cfg.Password)
	}
	return true // the password is not known, so nothing may be shown
}

func (b *postgresBackend) reader() querier { return plain{b.db} }

func (b *postgresBackend) statement(ctx context.Context, fn work) error {
	return b.again(ctx, func() error { return fn(ctx, plain{b.db}) })
}

func (b *postgresBackend) transaction(ctx context.Context, fn work) error {
	return b.again(ctx, func() error { return b.run(ctx, fn) })
}

func (b *postgresBackend) long(ctx context.Context, fn work) error { return b.transaction(ctx, fn) }

func (b *postgresBackend) run(ctx context.Context, fn work) error {
	tx, err := b.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := fn(ctx, plain{tx}); err != nil {
		if rerr := tx.Rollback(); rerr != nil && !errors.Is(rerr, sql.ErrTxDone) {
			return joined(err, rerr)
		}
		return err
	}
	return tx.Commit()
}

// again runs fn until PostgreSQL no longer asks for it; such a refusal has no effect.
func (b *postgresBackend) again(ctx context.Context, fn func() error) error {
	for attempt := 1; ; attempt++ {
		err := fn()
		if attempt == maxAttempts || ctx.Err() != nil || !errors.Is(err, errRaced) && (postgresDialect{}).fault(err) != faultRetry {
			return err
		}
	}
}

func (b *postgresBackend) close() error { return b.db.Close() }

func (b *postgresBackend) migrate(ctx context.Context) error {
	var version int
	if err := b.db.QueryRowContext(ctx, `select current_setting('server_version_num')::int`).Scan(&version); err != nil {
		return err
	}
	if version < oldestPostgres {
		return fmt.Errorf("server is PostgreSQL %d; version 13 or newer is needed", version/10_000)
	}
	return runMigrations(ctx, goose.DialectPostgres, b.db, migrationDir("postgres"), b.log, goose.WithSessionLocker(advisoryLock{}))
}

// advisoryLock lets one process migrate at a time. Unlike goose's own it waits in
// the server, so the next process goes on at once.
type advisoryLock struct{}

func (advisoryLock) SessionLock(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, `select pg_advisory_lock($1)`, int64(migrationLock))
	return err
}

func (advisoryLock) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, `select pg_advisory_unlock($1)`, int64(migrationLock))
	return err
}

type postgresDialect struct{}

// fault goes by SQLSTATE, read 2026-09:
// https://www.postgresql.org/docs/current/errcodes-appendix.html
func (postgresDialect) fault(err error) fault {
	if err == nil {
		return faultNone
	}
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return connectionFault(err)
	}
	switch e.Code {
	case "23505":
		return faultUnique
	case "23503":
		return faultForeignKey
	case "40001", "40P01":
		return faultRetry
	case "53100":
		return faultFull
	case "25006", "42501":
		return faultReadOnly
	case "57P01", "57P02", "57P03", "53300":
		return faultUnavailable
	}
	if strings.HasPrefix(e.Code, "08") {
		return faultUnavailable
	}
	return faultOther
}

// connectionFault recognises what is left when the server does not answer.
func connectionFault(err error) fault {
	_, connecting := errors.AsType[*pgconn.ConnectError](err)
	_, network := errors.AsType[net.Error](err)
	if connecting || network || pgconn.SafeToRetry(err) || errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) {
		return faultUnavailable
	}
	return faultOther
}

func (postgresDialect) now() string {
	return "(extract(epoch from clock_timestamp()) * 1000)::bigint"
}

// fold in the C collation changes ASCII only, as SQLite does.
func (postgresDialect) fold(column string) string { return `lower(` + column + ` collate "C")` }

func (postgresDialect) among(column, param string) string { return column + " = any(" + param + ")" }

func (postgresDialect) texts(values []string) any { return values }

func (postgresDialect) numbers(values []int64) any { return values }

func (postgresDialect) lockRows() string { return " for update" }

// allocate moves the sequence forward, never back. Should another session take
// numbers between the two steps, a number may be given that is in use; the insert
// then finds out, and the transaction is run again.
func (postgresDialect) allocate(ctx context.Context, q querier, n int, above int64) ([]int64, error) {
	if above > 0 {
		err := each(ctx, q, func(scanner) error { return nil }, `select setval(pg_get_serial_sequence('channels', 'id'), $1::bigint)
			where $1::bigint > (select last_value from channels_id_seq)`, above)
		if err != nil {
			return nil, err
		}
	}
	if n == 0 {
		return nil, nil
	}
	ids := make([]int64, 0, n)
	err := each(ctx, q, func(row scanner) error {
		var id int64
		if err := row.Scan(&id); err != nil {
			return err
		}
		ids = append(ids, id)
		return nil
	}, `select nextval(pg_get_serial_sequence('channels', 'id')) from generate_series(1, $1::bigint)`, n)
	return ids, err
}

func (postgresDialect) next(n int) string { return "$" + strconv.Itoa(n) }

func (postgresDialect) insertMany() int { return 50 }

func (postgresDialect) lockKeys(ctx context.Context, q querier) error {
	_, err := q.exec(ctx, `select pg_advisory_xact_lock($1::bigint)`, int64(registrationLock))
	return err
}

func (postgresDialect) hasTable(ctx context.Context, q querier, name string) (bool, error) {
	var found bool
	err := one(ctx, q, func(row scanner) error { return row.Scan(&found) }, `select to_regclass($1::text) is not null`, name)
	return found, err
}
