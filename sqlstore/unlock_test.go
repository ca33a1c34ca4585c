package sqlstore_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/evergrant/evergrant/seal"
	"github.com/evergrant/evergrant/sqlstore"
)

func TestUnlockWrongKeyset(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		right := newKeyring(t)
		s := mustUnlock(t, url, right)
		mustCreate(t, s, sample("1"))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		before := ""
		if path := sqlitePath(url); path != url {
			before = content(t, filepath.Dir(path))
		}
		db := mustOpen(t, url)
		_, err := db.Unlock(t.Context(), newKeyring(t))
		wantOneLine(t, err, sqlstore.ErrWrongKeyset, right.Primary(), "EVERGRANT_KEYSET_FILE")
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if before != "" && content(t, filepath.Dir(sqlitePath(url))) != before {
			t.Error("the refused Unlock changed files")
		}
		db = mustOpen(t, url)
		if keys, err := db.SealedWith(t.Context()); err != nil || len(keys) != 1 || keys[0] != right.Primary() {
			t.Errorf("SealedWith = %v, %v; want %s alone", keys, err, right.Primary())
		}
		if _, err := db.Unlock(t.Context(), right); err != nil {
			t.Errorf("Unlock with the right keyset: %v", err)
		}
	})
}

// A check value that was put there by somebody else must not pass.
func TestUnlockForgedCheckValue(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		keyring := newKeyring(t)
		mustUnlock(t, url, keyring)
		other, _, err := keyring.Seal([]byte("another text"), seal.Bind(0, "keys.check_value"))
		if err != nil {
			t.Fatal(err)
		}
		execRaw(t, url, `update keys set check_value = $1`, other)
		_, err = mustOpen(t, url).Unlock(t.Context(), keyring)
		wantOneLine(t, err, sqlstore.ErrWrongKeyset, "another text")
	})
}

func TestUnlockAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		keyring := newKeyring(t)
		var wg sync.WaitGroup
		for range 12 {
			wg.Go(func() {
				db, err := sqlstore.Open(t.Context(), sqlstore.Config{URL: url})
				if err != nil {
					t.Errorf("Open: %v", err)
					return
				}
				if _, err := db.Unlock(t.Context(), keyring); err != nil {
					t.Errorf("Unlock: %v", err)
				}
				if err := db.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
		}
		wg.Wait()
		if have, want := mustOpen(t, url).Schema(); have != want {
			t.Errorf("schema = %d; want %d", have, want)
		}
	})
}

// Two keysets for one new database: exactly one becomes its keyset.
func TestUnlockAtOnceWithTwoKeysets(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		var wg sync.WaitGroup
		results := make([]error, 2)
		for i := range results {
			keyring := newKeyring(t)
			db := mustOpen(t, url)
			wg.Go(func() { _, results[i] = db.Unlock(t.Context(), keyring) })
		}
		wg.Wait()
		if (results[0] == nil) == (results[1] == nil) {
			t.Fatalf("results = %v; want one to succeed", results)
		}
		if err := errors.Join(results...); !errors.Is(err, sqlstore.ErrWrongKeyset) {
			t.Errorf("the loser's error = %v; want %v", err, sqlstore.ErrWrongKeyset)
		}
	})
}

// Real processes start at once on nothing, and then work on one channel.
func TestProcessesAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		const processes = 6
		keyset := filepath.Join(t.TempDir(), "keyset.json")
		var running []*exec.Cmd
		var output [processes]bytes.Buffer
		for i := range processes {
			cmd := helperCommand(t, "start", url, keyset)
			cmd.Stderr = &output[i]
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			running = append(running, cmd)
		}
		for i, cmd := range running {
			if err := cmd.Wait(); err != nil {
				t.Errorf("process %d: %v: %s", i, err, output[i].String())
			}
		}
		keyring, err := seal.Load(t.Context(), keyset, seal.Options{})
		if err != nil {
			t.Fatal(err)
		}
		h, err := mustUnlock(t, url, keyring).Held(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if h.Attempts != 10*processes || h.Version != 10*processes+1 {
			t.Errorf("attempts, version = %d, %d; want %d, %d", h.Attempts, h.Version, 10*processes, 10*processes+1)
		}
	})
}

// Looking at a database that is up to date changes no byte of it.
func TestUnlockAndReadChangeNothing(t *testing.T) {
	keyring := newKeyring(t)
	dir := t.TempDir()
	url := "sqlite://" + filepath.Join(dir, "evergrant.db")
	s := mustUnlock(t, url, keyring)
	id := mustCreate(t, s, sample("1")).ID
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	before := content(t, dir)
	s = mustUnlock(t, url, keyring)
	if _, err := s.Held(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Stats(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if content(t, dir) != before {
		t.Error("reading changed files")
	}
}

// No token may be found in the files, not even in the write-ahead log.
func TestTokensRestSealed(t *testing.T) {
	const canary = "IGAAcanary0123456789"
	dir := t.TempDir()
	s := mustUnlock(t, "sqlite://"+filepath.Join(dir, "evergrant.db"), newKeyring(t))
	h := sample("1")
	h.Value = sqlSecret(canary)
	h.Previous.Value = sqlSecret(canary + "previous")
	c := mustCreate(t, s, h)
	entries, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(entries) < 2 {
		t.Fatalf("files = %v, %v; want the database and its log", entries, err)
	}
	for _, path := range entries {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte(canary)) {
			t.Errorf("%s holds a token in clear", path)
		}
	}
	if got, err := s.Held(t.Context(), c.ID); err != nil || got.Value.Reveal() != canary {
		t.Errorf("the token does not come back: %v", err)
	}
}

// A sealed value that was moved to another row or column does not open, and a lease
// on such a row is given back.
func TestMovedTokensDoNotOpen(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := mustUnlock(t, url, newKeyring(t))
		for _, account := range []string{"1", "2"} {
			h := sample(account)
			h.Previous.Value = sqlSecret("previous-of-" + account)
			mustCreate(t, s, h)
		}
		for _, tt := range []struct{ name, statement string }{
			{"another row", `update channels set token_sealed = (select token_sealed from channels where id = 2) where id = 1`},
			{"another column", `update channels set token_sealed = prev_sealed where id = 1`},
			{"cut short", `update channels set prev_sealed = $$12345678$$ where id = 1`},
		} {
			t.Run(tt.name, func(t *testing.T) {
				statement := tt.statement
				if strings.HasPrefix(url, "sqlite") {
					statement = strings.Replace(statement, "$$12345678$$", "x'12345678'", 1)
				}
				execRaw(t, url, statement)
				if _, err := s.Held(t.Context(), 1); err == nil || strings.Contains(err.Error(), "token-of") {
					t.Errorf("Held: got error %v; want one without the token", err)
				}
				for range 2 { // the first attempt must not leave a lease behind
					if _, _, err := s.Acquire(t.Context(), 1, "me", 3600e9); err == nil || !strings.Contains(err.Error(), "does not open") {
						t.Errorf("Acquire: got error %v; want it to say that the token does not open", err)
					}
				}
				if _, err := s.Channel(t.Context(), 1); err != nil {
					t.Errorf("Channel: %v; want it to work without tokens", err)
				}
			})
		}
	})
}
