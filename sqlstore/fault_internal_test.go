package sqlstore

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/evergrant/evergrant"
)

func TestPostgresFaults(t *testing.T) {
	state := func(code string) error { return fmt.Errorf("wrapped: %w", &pgconn.PgError{Code: code}) }
	for _, tt := range []struct {
		name string
		err  error
		want fault
	}{
		{"none", nil, faultNone},
		{"unique", state("23505"), faultUnique},
		{"foreign key", state("23503"), faultForeignKey},
		{"deadlock", state("40P01"), faultRetry},
		{"serialization", state("40001"), faultRetry},
		{"disk full", state("53100"), faultFull},
		{"read-only transaction", state("25006"), faultReadOnly},
		{"no privilege", state("42501"), faultReadOnly},
		{"shut down by an operator", state("57P01"), faultUnavailable},
		{"starting up", state("57P03"), faultUnavailable},
		{"too many connections", state("53300"), faultUnavailable},
		{"connection failure", state("08006"), faultUnavailable},
		{"syntax error", state("42601"), faultOther},
		{"bad connection", driver.ErrBadConn, faultUnavailable},
		{"cut", fmt.Errorf("read: %w", io.ErrUnexpectedEOF), faultUnavailable},
		{"network", &net.OpError{Op: "dial", Err: errors.New("refused")}, faultUnavailable},
		{"of the domain", evergrant.ErrStale, faultOther},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := (postgresDialect{}).fault(tt.err); got != tt.want {
				t.Errorf("got %d; want %d", got, tt.want)
			}
		})
	}
}

// Each fault becomes one line that matches its sentinel; what says all already stays.
func TestExplain(t *testing.T) {
	db := &DB{name: "database x", dialect: postgresDialect{}}
	for code, want := range map[string]error{
		"53100": ErrDiskFull, "42501": ErrReadOnly, "57P01": ErrUnavailable, "42601": nil,
	} {
		cause := &pgconn.PgError{Code: code, Message: "cause"}
		got := db.explain(cause)
		if want != nil && !errors.Is(got, want) || !errors.Is(got, cause) {
			t.Errorf("%s: got %v; want it to match %v and its cause", code, got, want)
		}
	}
	for _, err := range []error{nil, evergrant.ErrStale, fmt.Errorf("x: %w", ErrWrongKeyset)} {
		if got := db.explain(err); !errors.Is(got, err) || got != err { //nolint:errorlint // identity is the point
			t.Errorf("explain(%v) = %v; want it unchanged", err, got)
		}
	}
}
