package sqlstore_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/internal/pgtest"
	"github.com/evergrant/evergrant/sqlstore"
)

// A stored time that no program could have written is an error, never the zero time.
func TestMalformedTime(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := mustUnlock(t, url, newKeyring(t))
		c := mustCreate(t, s, sample("1"))
		execRaw(t, url, `update channels set expires_at = 999999999999999999`)
		for name, read := range map[string]func() error{
			"Channel": func() error { _, err := s.Channel(t.Context(), c.ID); return err },
			"Held":    func() error { _, err := s.Held(t.Context(), c.ID); return err },
			"List":    func() error { _, err := s.List(t.Context(), evergrant.Filter{}); return err },
			"Stats":   func() error { _, err := s.Stats(t.Context()); return err },
		} {
			if err := read(); err == nil || !strings.Contains(err.Error(), "malformed time") {
				t.Errorf("%s: got error %v; want malformed time", name, err)
			}
		}
		execRaw(t, url, `update channels set expires_at = null, permissions = 'no JSON'`)
		if _, err := s.Channel(t.Context(), c.ID); err == nil || !strings.Contains(err.Error(), "permissions") {
			t.Errorf("broken permissions: got error %v; want it to name them", err)
		}
		for _, column := range []string{"error", "data"} {
			execRaw(t, url, `update events set `+column+` = 'no JSON'`)
			if _, err := s.Events(t.Context(), c.ID, 0); err == nil || !strings.Contains(err.Error(), column) {
				t.Errorf("broken event: got error %v; want it to name %s", err, column)
			}
			execRaw(t, url, `update events set `+column+` = null`)
		}
	})
}

// SQLite itself refuses a time that is no number, since its tables are strict.
func TestSQLiteTablesAreStrict(t *testing.T) {
	p := places()[0]
	url := p.url(t)
	mustCreate(t, mustUnlock(t, url, newKeyring(t)), sample("1"))
	if err := tryRaw(t, url, `update channels set expires_at = 'soon'`); err == nil {
		t.Error("a text as a time gave no error")
	}
}

// What cannot be stored is refused before anything is written.
func TestTimesOutOfRange(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := mustUnlock(t, url, newKeyring(t))
		c := mustCreate(t, s, sample("1"))
		far := sample("2")
		far.ExpiresAt = time.Date(12_000, 1, 1, 0, 0, 0, 0, time.UTC)
		if _, err := s.Create(t.Context(), far, evergrant.Event{}); err == nil || !strings.Contains(err.Error(), "expires_at") {
			t.Errorf("Create: got error %v; want it to name expires_at", err)
		}
		out, err := s.Import(t.Context(), []evergrant.Incoming{{Row: 7, Held: far}, {Row: 8, Held: sample("3")}},
			func(_ *evergrant.Held, in evergrant.Incoming) evergrant.ImportOutcome {
				return evergrant.ImportOutcome{Verdict: evergrant.ImportCreated, Held: in.Held}
			})
		if err != nil || out[0].Verdict != evergrant.ImportRejected || out[1].Verdict != evergrant.ImportCreated {
			t.Errorf("Import = %v, %v; want the first row rejected alone", out, err)
		}
		l, h, err := s.Acquire(t.Context(), c.ID, "me", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		h.HoldUntil = far.ExpiresAt
		if _, err := s.Commit(t.Context(), l, h); err == nil || !strings.Contains(err.Error(), "hold_until") {
			t.Errorf("Commit: got error %v; want it to name hold_until", err)
		}
		if list, err := s.List(t.Context(), evergrant.Filter{}); err != nil || len(list) != 2 {
			t.Errorf("List = %d, %v; want 2", len(list), err)
		}
	})
}

// An import skips a channel whose token does not open, and goes on.
func TestImportBesideUnreadableRow(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := mustUnlock(t, url, newKeyring(t))
		mustCreate(t, s, sample("1"))
		mustCreate(t, s, sample("2"))
		execRaw(t, url, `update channels set token_sealed = (select token_sealed from channels where id = 2) where id = 1`)
		out, err := s.Import(t.Context(), []evergrant.Incoming{{Row: 2, Held: sample("1")}, {Row: 3, Held: sample("2")}},
			func(found *evergrant.Held, in evergrant.Incoming) evergrant.ImportOutcome {
				if found == nil || found.Value.Empty() {
					t.Errorf("row %d: decide was called without the channel's token", in.Row)
				}
				return evergrant.ImportOutcome{Verdict: evergrant.ImportUnchanged}
			})
		if err != nil || out[0].Verdict != evergrant.ImportRejected || out[1].Verdict != evergrant.ImportUnchanged {
			t.Errorf("Import = %v, %v; want the first row rejected alone", out, err)
		}
	})
}

// The server is restarted in the middle of the work: the write fails as unavailable
// or succeeds, and everything works afterwards.
func TestPostgresRestart(t *testing.T) {
	server := pgtest.Start(t)
	s := mustUnlock(t, server.URL(t), newKeyring(t))
	c := mustCreate(t, s, sample("1"))
	l, h, err := s.Acquire(t.Context(), c.ID, "me", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	server.Halt(t)
	h.Value = sqlSecret("kept")
	_, err = s.Commit(t.Context(), l, h)
	wantOneLine(t, err, sqlstore.ErrUnavailable, "try again")
	_, err = s.Channel(t.Context(), c.ID)
	wantOneLine(t, err, sqlstore.ErrUnavailable)
	server.Resume(t)
	if _, err := s.Commit(t.Context(), l, h); err != nil {
		t.Errorf("Commit after the restart: %v", err)
	}
	if got, err := s.Held(t.Context(), c.ID); err != nil || got.Value.Reveal() != "kept" {
		t.Errorf("the token was lost: %v", err)
	}
}

// Connections that the server cut while they were idle are replaced unnoticed.
func TestPostgresCutConnections(t *testing.T) {
	server := pgtest.Start(t)
	s := mustUnlock(t, server.URL(t), newKeyring(t))
	c := mustCreate(t, s, sample("1"))
	server.Restart(t)
	var err error
	for range 20 { // as many as there may be idle connections
		if _, err = s.Channel(t.Context(), c.ID); err == nil {
			break
		}
		if !errors.Is(err, sqlstore.ErrUnavailable) {
			t.Fatalf("Channel: %v; want %v", err, sqlstore.ErrUnavailable)
		}
	}
	if err != nil {
		t.Errorf("Channel still fails: %v", err)
	}
}

// Two imports at once on PostgreSQL meet on accounts and ids: no row is lost, none
// is there twice, no call fails.
func TestImportsAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := mustUnlock(t, url, newKeyring(t))
		const calls, rows = 4, 60
		errs := make(chan error, calls)
		for call := range calls {
			go func() {
				var list []evergrant.Incoming
				for i := range rows {
					h := sample(fmt.Sprint((i + call*15) % rows))
					if i%3 == 0 {
						h.ID = int64(1000 + (i+call*15)%rows)
					}
					list = append(list, evergrant.Incoming{Row: int64(i), Held: h})
				}
				_, err := s.Import(t.Context(), list, func(found *evergrant.Held, in evergrant.Incoming) evergrant.ImportOutcome {
					o := evergrant.ImportOutcome{Verdict: evergrant.ImportCreated, Held: in.Held}
					if found != nil {
						o.Verdict, o.Held = evergrant.ImportUpdated, *found
					}
					return o
				})
				errs <- err
			}()
		}
		for range calls {
			if err := <-errs; err != nil {
				t.Errorf("Import: %v", err)
			}
		}
		list, err := s.List(t.Context(), evergrant.Filter{})
		if err != nil || len(list) != rows {
			t.Errorf("List = %d, %v; want %d channels", len(list), err, rows)
		}
	})
}
