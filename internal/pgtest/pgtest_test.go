package pgtest_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/evergrant/evergrant/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// connect fails the test when the database does not answer.
func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) }) // the server may be gone by then
	return conn
}

func TestURLGivesFreshDatabases(t *testing.T) {
	first, second := pgtest.URL(t), pgtest.URL(t)
	if first == second {
		t.Fatalf("two calls gave one database: %s", first)
	}
	if _, err := connect(t, first).Exec(t.Context(), "create table only_here (id int)"); err != nil {
		t.Fatal(err)
	}
	var found bool
	err := connect(t, second).QueryRow(t.Context(), "select to_regclass('only_here') is not null").Scan(&found)
	if err != nil || found {
		t.Errorf("table of the first database in the second = %v, %v; want false", found, err)
	}
}

func TestRestartKeepsDataAndCutsConnections(t *testing.T) {
	server := pgtest.Start(t)
	url := server.URL(t)
	before := connect(t, url)
	if _, err := before.Exec(t.Context(), "create table kept as select 7 as n"); err != nil {
		t.Fatal(err)
	}
	server.Restart(t)
	if err := before.Ping(t.Context()); err == nil {
		t.Error("the old connection still answers; want it cut")
	}
	var n int
	if err := connect(t, url).QueryRow(t.Context(), "select n from kept").Scan(&n); err != nil || n != 7 {
		t.Errorf("after the restart = %d, %v; want 7", n, err)
	}
}
