package sqlstore_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/evergrant/evergrant/internal/pgtest"
	"github.com/evergrant/evergrant/sqlstore"
)

// wantOneLine checks an error for a person: it matches, it is one line, it holds the
// parts, and it does not hold the planted password.
func wantOneLine(t *testing.T, err, want error, parts ...string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v; want %v", err, want)
	}
	text := err.Error()
	if strings.Contains(text, "\n") {
		t.Errorf("error has several lines: %q", text)
	}
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("error %q does not say %q", text, part)
		}
	}
	if strings.Contains(text, "s3cret") {
		t.Errorf("error shows the password: %q", text)
	}
}

func TestOpenMalformedURL(t *testing.T) {
	for _, tt := range []struct{ name, url, says string }{
		{"empty", "", "sqlite://"},
		{"a path", "/var/lib/evergrant.db", "sqlite://"},
		{"another database", "mysql://root:s3cret@host/db", "mysql"},
		{"no file", "sqlite://", "needs a file"},
		{"in memory", "sqlite://:memory:", "lose its tokens"},
		{"parameters", "sqlite:///tmp/x.db?mode=memory", "no parameters"},
		{"no host", "postgres:///db", "host"},
		{"password not encoded", "postgres://user:s3cret%zz@host/db", "percent-encode"},
		{"password with a slash", "postgres://user:s3cret/x@host:port/db", "percent-encode"},
		{"port is no number", "postgres://user:s3cret@host:port/db", "percent-encode"},
		{"unknown sslmode", "postgres://user:s3cret@host/db?sslmode=s3cret", "parameter"},
		{"password as a parameter", "postgres://host/db?password=s3cret&sslmode=x", "parameter"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := sqlstore.Open(t.Context(), sqlstore.Config{URL: tt.url})
			wantOneLine(t, err, sqlstore.ErrURL, tt.says)
		})
	}
}

func TestNameHidesSecrets(t *testing.T) {
	url := pgtest.URL(t)
	db := mustOpen(t, url+"&password=s3cret")
	if strings.Contains(db.Name(), "s3cret") || !strings.Contains(db.Name(), "evergrant_test") {
		t.Errorf("name = %q; want the database without secrets", db.Name())
	}
}

func TestOpenUnreachablePostgres(t *testing.T) {
	_, err := sqlstore.Open(t.Context(), sqlstore.Config{URL: "postgres://user:s3cret@127.0.0.1:1/db"})
	wantOneLine(t, err, sqlstore.ErrUnavailable, "127.0.0.1:1/db", "try again")
}

func TestOpenRefusesOtherFiles(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, bytes.Repeat([]byte("this is no database\n"), 100), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, path, says string }{
		{"a folder", dir, "folder"},
		{"a text file", text, "restore a backup"},
		{"a device", "/dev/null", "regular file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := sqlstore.Open(t.Context(), sqlstore.Config{URL: "sqlite://" + tt.path})
			wantOneLine(t, err, sqlstore.ErrNotDatabase, tt.path, tt.says)
		})
	}
}

// execRaw runs a statement on the database behind the store's back.
func execRaw(t testing.TB, url, statement string, args ...any) {
	t.Helper()
	if err := tryRaw(t, url, statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func tryRaw(t testing.TB, url, statement string, args ...any) (err error) {
	t.Helper()
	db, err := sql.Open(driverOf(url))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	_, err = db.ExecContext(t.Context(), statement, args...)
	return err
}

func driverOf(url string) (driver, dsn string) {
	if path := sqlitePath(url); path != url {
		return "sqlite", path
	}
	return "pgx", url
}

func TestOpenRefusesNewerSchema(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		keyring := newKeyring(t)
		mustUnlock(t, url, keyring)
		execRaw(t, url, `insert into evergrant_schema (version_id, is_applied) values (77, true)`)
		_, err := sqlstore.Open(t.Context(), sqlstore.Config{URL: url})
		wantOneLine(t, err, sqlstore.ErrNewerSchema, "77", "newer version")
		execRaw(t, url, `alter table keys rename to seals`) // a future version may do as it likes
		_, err = sqlstore.Open(t.Context(), sqlstore.Config{URL: url})
		wantOneLine(t, err, sqlstore.ErrNewerSchema, "77")
	})
}

func TestOpenRefusesForeignDatabase(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		if path := sqlitePath(url); path != url {
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		execRaw(t, url, `create table channels (id int)`)
		_, err := sqlstore.Open(t.Context(), sqlstore.Config{URL: url})
		wantOneLine(t, err, sqlstore.ErrForeign, `"channels"`, "of its own")
	})
}

func TestOpenWritesNothing(t *testing.T) {
	dir := t.TempDir()
	url := "sqlite://" + filepath.Join(dir, "state", "evergrant.db")
	db := mustOpen(t, url)
	if keys, err := db.SealedWith(t.Context()); err != nil || len(keys) != 0 {
		t.Errorf("SealedWith = %v, %v; want none", keys, err)
	}
	if have, want := db.Schema(); have != 0 || want < 1 {
		t.Errorf("Schema = %d, %d; want 0 and at least 1", have, want)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("folder holds %v, %v; want nothing", entries, err)
	}
}

func TestUnlockCreatesPrivateFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	mustUnlock(t, "sqlite://"+filepath.Join(dir, "evergrant.db"), newKeyring(t))
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) == 0 {
		t.Fatalf("folder holds %v, %v; want the database", entries, err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("%s has mode %04o; want 0600", e.Name(), got)
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder has %v, %v; want 0700", info.Mode(), err)
	}
}

func TestUnlockParentIsFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	db := mustOpen(t, "sqlite://"+filepath.Join(file, "evergrant.db"))
	_, err := db.Unlock(t.Context(), newKeyring(t))
	wantOneLine(t, err, sqlstore.ErrReadOnly, file)
}

func TestCloseTwice(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := mustUnlock(t, url, newKeyring(t))
		mustCreate(t, s, sample("1"))
		if have, want := s.DB().Schema(); have != want {
			t.Errorf("schema of an unlocked database = %d; want %d", have, want)
		}
		for range 2 {
			if err := s.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		}
		if _, err := s.Channel(t.Context(), 1); err == nil {
			t.Error("Channel after Close gave no error")
		}
		if _, _, err := s.Acquire(t.Context(), 1, "me", 1); err == nil {
			t.Error("Acquire after Close gave no error")
		}
	})
}

// content is a folder's files and what they hold.
func content(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		fmt.Fprintf(&b, "%s %x\n", path, data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
