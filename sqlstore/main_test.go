package sqlstore_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/internal/pgtest"
	"github.com/evergrant/evergrant/seal"
	"github.com/evergrant/evergrant/sqlstore"
	"github.com/evergrant/evergrant/sqlstore/storetest"
)

// helperVariable makes the test binary do one piece of work as another process.
const helperVariable = "EVERGRANT_TEST_HELPER"

func TestMain(m *testing.M) {
	if job := os.Getenv(helperVariable); job != "" {
		os.Exit(helper(job, os.Args[1:]))
	}
	pgtest.Main(m)
}

// A place is one of the two databases, fresh for each test.
type place struct {
	name string
	url  func(t testing.TB) string
}

func places() []place {
	return []place{
		{"sqlite", func(t testing.TB) string { return "sqlite://" + filepath.Join(t.TempDir(), "state", "evergrant.db") }},
		{"postgres", func(t testing.TB) string { return pgtest.URL(t) }},
	}
}

// onBoth runs a test on both databases.
func onBoth(t *testing.T, test func(t *testing.T, url string)) {
	for _, p := range places() {
		t.Run(p.name, func(t *testing.T) { test(t, p.url(t)) })
	}
}

// newKeyring makes a keyset in a folder of its own.
func newKeyring(t testing.TB) *seal.Keyring {
	t.Helper()
	k, err := seal.Create(t.Context(), filepath.Join(t.TempDir(), "keyset.json"), seal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func mustOpen(t testing.TB, url string) *sqlstore.DB {
	t.Helper()
	db, err := sqlstore.Open(t.Context(), sqlstore.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func mustUnlock(t testing.TB, url string, keyring sqlstore.Keyring) *sqlstore.Store {
	t.Helper()
	s, err := mustOpen(t, url).Unlock(t.Context(), keyring)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStore(t *testing.T) {
	for _, p := range places() {
		t.Run(p.name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) evergrant.Store { return mustUnlock(t, p.url(t), newKeyring(t)) })
		})
	}
}

// sqlitePath is the file of a sqlite:// URL.
func sqlitePath(url string) string { return strings.TrimPrefix(url, "sqlite://") }

// sample is a healthy channel.
func sample(account string) evergrant.Held {
	return evergrant.Held{
		Channel: evergrant.Channel{
			App: evergrant.DefaultApp, Provider: evergrant.ProviderInstagram, AccountID: account,
			Status: evergrant.Connected, TokenKind: evergrant.LongLived,
		},
		Value: evergrant.NewSecret("token-of-" + account),
	}
}

func mustCreate(t testing.TB, s *sqlstore.Store, h evergrant.Held) evergrant.Channel {
	t.Helper()
	c, err := s.Create(t.Context(), h, evergrant.Event{Type: evergrant.EventConnected})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
