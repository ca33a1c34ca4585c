package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/evergrant/evergrant"
)

// States of the world that callers ask for with [errors.Is]. The errors that wrap
// them name the database and the remedy; none holds a password or a token.
var (
	// ErrURL: the database URL cannot be understood.
	ErrURL = errors.New("malformed database URL")
	// ErrNewerSchema: the database was written by a newer version of the program.
	ErrNewerSchema = errors.New("database is newer than this program")
	// ErrForeign: the database holds tables of another program.
	ErrForeign = errors.New("database belongs to another program")
	// ErrNotDatabase: the file is no SQLite database, or is damaged.
	ErrNotDatabase = errors.New("not a usable database")
	// ErrWrongKeyset: the keyset does not open what the database holds.
	ErrWrongKeyset = errors.New("keyset does not fit the database")
	// ErrKeyInUse: values in the database are still sealed with the key.
	ErrKeyInUse = errors.New("sealing key is in use")
	// ErrDiskFull: there is no room for the write; nothing of it was stored.
	ErrDiskFull = errors.New("disk is full")
	// ErrReadOnly: the file, its folder or the role may only be read.
	ErrReadOnly = errors.New("database cannot be written")
	// ErrUnavailable: the database cannot be reached or is busy; trying again may
	// help. After a lost connection it is unknown whether a write took effect; a
	// second Commit of the same row then answers evergrant.ErrStale.
	ErrUnavailable = errors.New("database is unavailable")
)

// A fault is what a driver's error means to this package.
type fault int

const (
	faultNone       fault = iota // not an error of the database
	faultOther                   // nothing that we know more of
	faultUnique                  // an id or account exists
	faultForeignKey              // a key or app is not registered, or is in use
	faultRetry                   // deadlock or serialization: run the transaction again
	faultFull
	faultReadOnly
	faultNotDatabase
	faultUnavailable
)

// explain turns a driver's error into one line that names the database, what
// happened and the remedy. Errors of the domain and of the context stay as they are.
func (db *DB) explain(err error) error {
	if err == nil || isDomain(err) {
		return err
	}
	what := db.dialect.fault(err)
	err = oneLine(err)
	switch what {
	case faultFull:
		return fmt.Errorf("%s: %w: make room on its disk, nothing was stored: %w", db.name, ErrDiskFull, err)
	case faultReadOnly:
		return fmt.Errorf("%s: %w: give this user the right to write the database (for SQLite also its folder): %w", db.name, ErrReadOnly, err)
	case faultNotDatabase:
		return fmt.Errorf("%s: %w: check the path, or restore a backup: %w", db.name, ErrNotDatabase, err)
	case faultUnavailable:
		return fmt.Errorf("%s: %w: try again, and check that it runs and is not locked: %w", db.name, ErrUnavailable, err)
	}
	return fmt.Errorf("%s: %w", db.name, err)
}

// isDomain reports whether err already says all that there is to say.
func isDomain(err error) bool {
	for _, known := range []error{
		evergrant.ErrNotFound, evergrant.ErrStale, evergrant.ErrLeased, context.Canceled, context.DeadlineExceeded,
		ErrURL, ErrNewerSchema, ErrForeign, ErrNotDatabase, ErrWrongKeyset, ErrKeyInUse, ErrDiskFull, ErrReadOnly, ErrUnavailable,
		errBadValue, errUnseal, errClosed,
	} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

// errClosed: the store has been closed.
var errClosed = errors.New("the store is closed")

// joined is errors.Join on one line.
func joined(errs ...error) error {
	var all error
	for _, err := range errs {
		switch {
		case err == nil:
		case all == nil:
			all = err
		default:
			all = fmt.Errorf("%w; %w", all, err)
		}
	}
	return all
}

// oneLine keeps err's identity and takes the line breaks out of its text.
func oneLine(err error) error {
	if !strings.Contains(err.Error(), "\n") {
		return err
	}
	return flatError{err}
}

type flatError struct{ error }

func (e flatError) Error() string { return strings.Join(strings.Fields(e.error.Error()), " ") }

func (e flatError) Unwrap() error { return e.error }
