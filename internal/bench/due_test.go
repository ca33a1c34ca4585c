package bench_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evergrant/evergrant/internal/pgtest"
	"github.com/evergrant/evergrant/sqlstore"
)

// Goals of the scan for due channels.
const (
	dueGoal   = 10.0 // milliseconds
	scaleGoal = 1.5  // of the time at 10,000 channels
)

// BenchmarkDue measures the scan that finds 100 due channels among a million and
// among ten thousand. Its yardstick is what the database takes to give back the ids of
// the same rows by their primary key, through database/sql.
func BenchmarkDue(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) {
		big, small := must(b, shared.fleet), must(b, shared.small)
		measureDue(b, "SQLite", scan{
			big: openStore(b, big.state), small: openStore(b, small.state),
			bare: openBare(b, "sqlite", "file:"+big.database()+"?mode=ro"), // as the store, it keeps its pages in memory
		})
	})
	b.Run("postgres", func(b *testing.B) {
		url := pgtest.URL(b)
		big, bare := pgFleet(b, url, million)
		small, _ := pgFleet(b, pgtest.URL(b), few)
		measureDue(b, "PostgreSQL", scan{big: big, small: small, bare: bare})
	})
}

// A scan is two stores that differ in size, and the bare database of the bigger one.
type scan struct {
	big, small *sqlstore.Store
	bare       *sql.DB
}

func measureDue(b *testing.B, name string, s scan) {
	now := time.Now()
	found, err := s.big.Due(b.Context(), now, 1000)
	if err != nil {
		b.Fatal(err)
	}
	ids := make([]string, len(found))
	for i, c := range found {
		ids[i] = fmt.Sprint(c.ID)
	}
	byID, err := s.bare.PrepareContext(b.Context(), "select id from channels where id in ("+strings.Join(ids, ", ")+")")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = byID.Close() }() // it was only read
	due := func(store *sqlstore.Store) time.Duration {
		return timed(func() {
			found, err := store.Due(b.Context(), now, 1000)
			if err != nil || len(found) != dueOnes {
				b.Fatalf("got %d due channels, error %v; want %d", len(found), err, dueOnes)
			}
		})
	}
	due(s.small) // what is first asked for is read from disk
	var big, small, bare samples
	turns(b, 20, func() {
		big.add(due(s.big), time.Millisecond)
		small.add(due(s.small), time.Millisecond)
		bare.add(timed(func() {
			if n := count(b, byID); n != dueOnes {
				b.Fatalf("got %d ids; want %d", n, dueOnes)
			}
		}), time.Millisecond)
	})
	b.ReportMetric(big.median(), "ms/scan")
	b.ReportMetric(small.median(), "ms/small-scan")
	b.ReportMetric(big.ratio(small), "x/small-scan")
	b.ReportMetric(big.ratio(bare), "x/bare-ids")
	note(line{
		what: name + ": 100 due of 1,000,000", number: fmt.Sprintf("%.2f ms", big.median()),
		yardstick: fmt.Sprintf("their ids by primary key: %.2f ms", bare.median()), ratio: big.ratio(bare),
		goal: fmt.Sprintf("≤ %g ms", dueGoal), met: big.median() <= dueGoal,
	})
	note(line{
		what: name + ": the same", number: fmt.Sprintf("%.2f ms", big.median()),
		yardstick: fmt.Sprintf("100 due of 10,000: %.2f ms", small.median()), ratio: big.ratio(small),
		goal: fmt.Sprintf("ratio ≤ %g", scaleGoal), met: big.ratio(small) <= scaleGoal,
	})
}

// count runs a query that gives ids, and counts them.
func count(tb testing.TB, query *sql.Stmt) (n int) {
	tb.Helper()
	rows, err := query.QueryContext(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = rows.Close() }() // Err tells
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			tb.Fatal(err)
		}
		n++
	}
	if err := rows.Err(); err != nil {
		tb.Fatal(err)
	}
	return n
}

// openBare opens a database without any of ours around it.
func openBare(tb testing.TB, driver, dsn string) *sql.DB {
	tb.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Errorf("close %s: %v", driver, err)
		}
	})
	return db
}

// pgFleet fills a PostgreSQL database in the server itself: a due-scan opens no token,
// so the rows need none.
func pgFleet(tb testing.TB, url string, rows int) (*sqlstore.Store, *sql.DB) {
	tb.Helper()
	store := unlock(tb, url, filepath.Join(tb.TempDir(), "keyset.json"))
	db := openBare(tb, "pgx", url)
	const day = 24 * 60 * 60 * 1000
	for _, statement := range []string{
		`insert into apps (id, created_at) values ('bench', 0)`,
		fmt.Sprintf(`insert into channels (app, tenant, provider, account_id, app_scoped_id, username, contact, locale, status, reason,
				permissions, token_kind, token_fp, issued_at, expires_at, expiry_source, prev_kind, prev_source, refused_fp, imported_fp,
				next_attempt_at, attempts, created_at, updated_at, version)
			select 'bench', 'tenant' || n %% 1000, 'instagram', (17841400000000001 + 2 * n)::text, (27640875392278831 + 2 * n)::text,
				'shop' || n, '', '', 'connected', '', '[]', 'long', md5(n::text), t.now - age * %[1]d, t.now + (60 - age) * %[1]d,
				'imported', '', '', '', md5(n::text), t.now + (33 - age) * %[1]d, 0, t.now, t.now, 1
			from (select n, case when n %% %[2]d = 0 then 56 else 1 end::bigint as age from generate_series(0, %[3]d) n) c,
				(select (extract(epoch from now()) * 1000)::bigint as now) t`, day, max(1, rows/dueOnes), rows-1),
		`vacuum analyze channels`,
	} {
		if _, err := db.ExecContext(tb.Context(), statement); err != nil {
			tb.Fatalf("fill PostgreSQL: %v", err)
		}
	}
	return store, db
}
