package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// versionTable is where goose notes the migrations that it has run.
const versionTable = "evergrant_schema"

// tables are the names that a fresh database must not hold already.
var tables = []string{"apps", "keys", "channels", "events", "brakes"}

// A head is what must be known of a database before it is used.
type head struct {
	version int64 // of the schema; 0: new
	keys    []keyRow
}

type keyRow struct {
	id    string
	check []byte
}

// headTries bounds how often readHead looks again because another process was
// migrating at the same time.
const headTries = 5

// readHead reads the schema's version and the keys, normally with one query.
func (db *DB) readHead(ctx context.Context) (head, error) {
	for try := 1; ; try++ {
		h, err := db.queryHead(ctx)
		if err == nil {
			return h, db.checkVersion(h.version)
		}
		if db.dialect.fault(err) != faultOther {
			return head{}, err
		}
		version, verr := db.oddVersion(ctx)
		if verr != nil || version == 0 {
			return head{}, verr
		}
		if try == headTries { // the tables should be there, but are not
			return head{}, err
		}
	}
}

func (db *DB) queryHead(ctx context.Context) (head, error) {
	const query = `select (select max(version_id) from ` + versionTable + ` where is_applied), k.id, k.check_value
		from (select 1 as one) o left join keys k on true order by k.id`
	var h head
	err := each(ctx, db.backend.reader(), func(row scanner) error {
		var version sql.NullInt64
		var id sql.NullString
		var check []byte
		if err := row.Scan(&version, &id, &check); err != nil {
			return err
		}
		h.version = version.Int64
		if id.Valid {
			h.keys = append(h.keys, keyRow{id.String, check})
		}
		return nil
	}, query)
	return h, err
}

// oddVersion is for databases that lack one of the tables that queryHead reads: new
// ones, those that are being migrated at this moment, foreign ones, and perhaps those
// of a newer program. It returns 0 for a new one.
//
// It looks for our other tables before it looks for the version table, since a
// migration makes them in the opposite order: so a migration that runs at the same
// time is never taken for another program's work.
func (db *DB) oddVersion(ctx context.Context) (int64, error) {
	q := db.backend.reader()
	taken := ""
	for _, name := range tables {
		found, err := db.dialect.hasTable(ctx, q, name)
		if err != nil {
			return 0, err
		}
		if found {
			taken = name
			break
		}
	}
	ours, err := db.dialect.hasTable(ctx, q, versionTable)
	if err != nil {
		return 0, err
	}
	if !ours && taken != "" {
		return 0, fmt.Errorf("%s: %w: it has a table %q that Evergrant did not make; give Evergrant a database of its own (on PostgreSQL a schema and search_path will do)",
			db.name, ErrForeign, taken)
	}
	if !ours {
		return 0, nil
	}
	var version sql.NullInt64
	err = one(ctx, q, func(row scanner) error { return row.Scan(&version) },
		`select max(version_id) from `+versionTable+` where is_applied`)
	if err != nil {
		return 0, err
	}
	return version.Int64, db.checkVersion(version.Int64)
}

func (db *DB) checkVersion(have int64) error {
	if want := latestVersion(); have > want {
		return fmt.Errorf("%s: %w: its schema has version %d, this program knows up to %d; install the newer version again, or restore a backup",
			db.name, ErrNewerSchema, have, want)
	}
	return nil
}

// freshHead reads the head again, since other processes may have changed it.
func (db *DB) freshHead(ctx context.Context) (head, error) {
	if s, ok := db.backend.(*sqliteBackend); ok {
		if exists, err := fileExists(s.path); err != nil || !exists {
			return head{}, db.explain(err)
		}
	}
	h, err := db.readHead(ctx)
	if err != nil {
		return head{}, db.explain(err)
	}
	return h, nil
}

// noRows turns sql.ErrNoRows into the given domain error.
func noRows(err, domain error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return domain
	}
	return err
}
