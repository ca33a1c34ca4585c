package sqlstore

import (
	"database/sql"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite"

	"github.com/evergrant/evergrant"
)

// TestQueryPlans pins which index serves each query on SQLite. "SCAN channels"
// without an index would make the cost depend on how many channels exist.
func TestQueryPlans(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plan.db")
	if err := createFile(path); err != nil {
		t.Fatal(err)
	}
	db := mustOpen(writerDSN(path))
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	err := runMigrations(t.Context(), goose.DialectSQLite3, db, migrationDir("sqlite"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	d := sqliteDialect{}
	st := newStatements(d)
	list := func(f evergrant.Filter) string { query, _ := listQuery(d, f); return query }
	for _, tt := range []struct{ name, query, index string }{
		{"due", dueQuery, "USING INDEX channels_due"},
		{"stats", statsQuery, "USING COVERING INDEX channels_stats"},
		{"find by account", findQuery("account_id"), "USING INDEX channels_account"},
		{"find by app-scoped id", findQuery("app_scoped_id"), "USING INDEX channels_scoped"},
		{"list", list(evergrant.Filter{}), "USING INTEGER PRIMARY KEY"},
		{"list a tenant", list(evergrant.Filter{Tenant: "a"}), "USING INTEGER PRIMARY KEY"},
		{"list unwell ones", list(evergrant.Filter{Statuses: []evergrant.Status{evergrant.Paused}}), "USING INDEX channels_unwell"},
		{"list connected ones", list(evergrant.Filter{Statuses: []evergrant.Status{evergrant.Connected}}), "USING INTEGER PRIMARY KEY"},
		{"acquire", st.acquire, "USING INTEGER PRIMARY KEY"},
		{"commit", st.commit, "USING INTEGER PRIMARY KEY"},
		{"import by id", st.byIDs, "USING INTEGER PRIMARY KEY"},
		{"import by account", st.byAccounts, "USING INDEX channels_account"},
		{"import by fingerprint", st.byPrints, "USING INDEX channels_imported"},
		{"events", eventsQuery, "USING INDEX events_channel"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if plan := explainPlan(t, db, tt.query); !strings.Contains(plan, tt.index) || strings.Contains(plan, "SCAN channels\n") {
				t.Errorf("plan is\n%swant %s", plan, tt.index)
			}
		})
	}
}

func explainPlan(t *testing.T, db *sql.DB, query string) string {
	t.Helper()
	n := 0
	for strings.Contains(query, fmt.Sprintf("$%d", n+1)) {
		n++
	}
	rows, err := db.QueryContext(t.Context(), "explain query plan "+query, make([]any, n)...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var plan strings.Builder
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(detail + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}

// Both dialects must have the same versions: latestVersion reads one of them.
func TestMigrationsOfBothDialects(t *testing.T) {
	if lite, pg := newestIn(migrationDir("sqlite")), newestIn(migrationDir("postgres")); lite != pg || lite < 1 {
		t.Errorf("newest migrations = %d and %d; want the same, at least 1", lite, pg)
	}
}
