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

// readHead reads the schema's version and the keys, normally with one query.
func (db *DB) readHead(ctx context.Context) (head, error) {
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
	if err != nil {
		return db.readOddHead(ctx, err)
	}
	return h, db.checkVersion(h.version)
}

// readOddHead is for databases that have not both tables: new ones, foreign ones,
// and perhaps those of a newer program. cause is why the usual query failed.
func (db *DB) readOddHead(ctx context.Context, cause error) (head, error) {
	if f := db.dialect.fault(cause); f != faultOther {
		return head{}, cause
	}
	q := db.backend.reader()
	ours, err := db.dialect.hasTable(ctx, q, versionTable)
	if err != nil {
		return head{}, err
	}
	if !ours {
		return head{}, db.checkForeign(ctx)
	}
	var version sql.NullInt64
	err = one(ctx, q, func(row scanner) error { return row.Scan(&version) },
		`select max(version_id) from `+versionTable+` where is_applied`)
	if err != nil {
		return head{}, err
	}
	if err := db.checkVersion(version.Int64); err != nil {
		return head{}, err
	}
	if version.Int64 > 0 { // the keys table should be there
		return head{}, cause
	}
	return head{}, nil
}

func (db *DB) checkVersion(have int64) error {
	if want := latestVersion(); have > want {
		return fmt.Errorf("%s: %w: its schema has version %d, this program knows up to %d; install the newer version again, or restore a backup",
			db.name, ErrNewerSchema, have, want)
	}
	return nil
}

// checkForeign refuses a database that has tables of our names which we did not make.
func (db *DB) checkForeign(ctx context.Context) error {
	for _, name := range tables {
		taken, err := db.dialect.hasTable(ctx, db.backend.reader(), name)
		if err != nil {
			return err
		}
		if taken {
			return fmt.Errorf("%s: %w: it has a table %q that Evergrant did not make; give Evergrant a database of its own (on PostgreSQL a schema and search_path will do)",
				db.name, ErrForeign, name)
		}
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
