package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/seal"
	"github.com/evergrant/evergrant/sqlstore"
)

func sqlSecret(value string) evergrant.Secret { return evergrant.NewSecret(value) }

func TestRotation(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		keyring := newKeyring(t)
		s := mustUnlock(t, url, keyring)
		const channels = 25
		for i := range channels {
			h := sample(fmt.Sprint(i))
			h.Previous.Value = sqlSecret(fmt.Sprint("previous ", i))
			mustCreate(t, s, h)
		}
		mustCreate(t, s, evergrant.Held{Channel: evergrant.Channel{App: evergrant.DefaultApp}}) // without a token
		old := keyring.Primary()
		if err := s.Retire(t.Context(), old); !errors.Is(err, sqlstore.ErrKeyInUse) {
			t.Errorf("Retire of the primary key: %v; want %v", err, sqlstore.ErrKeyInUse)
		}
		fresh, err := keyring.Rotate(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Register(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.Retire(t.Context(), old); !errors.Is(err, sqlstore.ErrKeyInUse) {
			t.Errorf("Retire of a key in use: %v; want %v", err, sqlstore.ErrKeyInUse)
		}
		wantKeys(t, s, sqlstore.KeyUse{ID: old, Tokens: channels, Previous: channels}, sqlstore.KeyUse{ID: fresh, Primary: true})

		var steps []int64
		changed, err := s.Reseal(t.Context(), 10, func(done, total int64) {
			if total != channels {
				t.Errorf("progress of %d; want of %d", total, channels)
			}
			steps = append(steps, done)
		})
		if err != nil || changed != channels || !slices.Equal(steps, []int64{10, 20, 25}) {
			t.Errorf("Reseal = %d, %v, in steps %v; want %d, in steps 10 20 25", changed, err, steps, channels)
		}
		if changed, err = s.Reseal(t.Context(), 0, nil); err != nil || changed != 0 {
			t.Errorf("Reseal again = %d, %v; want nothing to do", changed, err)
		}
		wantKeys(t, s, sqlstore.KeyUse{ID: old}, sqlstore.KeyUse{ID: fresh, Primary: true, Tokens: channels, Previous: channels})
		if err := s.Retire(t.Context(), old); err != nil {
			t.Errorf("Retire of a key that is out of use: %v", err)
		}
		if err := s.Retire(t.Context(), old); err != nil {
			t.Errorf("Retire again: %v", err)
		}
		if err := keyring.Retire(t.Context(), old); err != nil {
			t.Fatal(err)
		}
		for id := range int64(channels) {
			h, err := s.Held(t.Context(), id+1)
			if err != nil || h.Value.Reveal() != fmt.Sprint("token-of-", id) || h.Previous.Value.Reveal() != fmt.Sprint("previous ", id) || h.Version != 1 {
				t.Errorf("channel %d after rotation: version %d, %v; want both tokens and version 1", id+1, h.Version, err)
			}
		}
	})
}

func wantKeys(t *testing.T, s *sqlstore.Store, want ...sqlstore.KeyUse) {
	t.Helper()
	got, err := s.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	byID := func(a, b sqlstore.KeyUse) int { return strings.Compare(a.ID, b.ID) }
	for i := range got {
		if time.Since(got[i].RegisteredAt) > time.Hour {
			t.Errorf("key %s was registered at %v; want now", got[i].ID, got[i].RegisteredAt)
		}
		got[i].RegisteredAt = time.Time{}
	}
	slices.SortFunc(got, byID)
	slices.SortFunc(want, byID)
	if !slices.Equal(got, want) {
		t.Errorf("keys: got %+v; want %+v", got, want)
	}
}

// A process that was running before a rotation goes on writing: it registers the new
// key itself, and is refused the old one once that is retired.
func TestWritesAcrossRotation(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		path := filepath.Join(t.TempDir(), "keyset.json")
		operator, err := seal.Create(t.Context(), path, seal.Options{})
		if err != nil {
			t.Fatal(err)
		}
		s := mustUnlock(t, url, operator)
		c := mustCreate(t, s, sample("1"))
		stale := &frozen{Keyring: operator, primary: operator}
		running := mustUnlock(t, url, stale)
		if _, err := operator.Rotate(t.Context()); err != nil {
			t.Fatal(err)
		}

		// The new key seals before anybody has registered it.
		mustCreate(t, running, sample("new key"))

		// The running process seals with the old key although it has been retired.
		old, err := seal.Create(t.Context(), filepath.Join(t.TempDir(), "old.json"), seal.Options{})
		if err != nil {
			t.Fatal(err)
		}
		stale.primary = old // a key that the database does not know
		l, h, err := running.Acquire(t.Context(), c.ID, "me", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		h.Value = sqlSecret("kept")
		if _, err := running.Commit(t.Context(), l, h); err != nil {
			t.Errorf("Commit sealed with a retired key: %v", err)
		}
		if got, err := s.Held(t.Context(), c.ID); err != nil || got.Value.Reveal() != "kept" {
			t.Errorf("the token was lost: %v", err)
		}
		stale.primary = old
		_, err = running.Import(t.Context(), []evergrant.Incoming{{Row: 1, Held: sample("2")}},
			func(_ *evergrant.Held, in evergrant.Incoming) evergrant.ImportOutcome {
				return evergrant.ImportOutcome{Verdict: evergrant.ImportCreated, Held: in.Held}
			})
		if err != nil {
			t.Errorf("Import sealed with a retired key: %v", err)
		}
		stale.primary, stale.refuse = old, errors.New("keyset cannot be read")
		if _, err := running.Create(t.Context(), sample("3"), evergrant.Event{}); !errors.Is(err, stale.refuse) {
			t.Errorf("Create without a keyset to reload: %v; want %v", err, stale.refuse)
		}
	})
}

// frozen seals with a key of its own until it is reloaded.
type frozen struct {
	sqlstore.Keyring
	primary sqlstore.Keyring
	refuse  error
}

func (f *frozen) Seal(plaintext, ad []byte) ([]byte, string, error) {
	return f.primary.Seal(plaintext, ad)
}

func (f *frozen) Reload(ctx context.Context) error {
	if f.refuse != nil {
		return f.refuse
	}
	f.primary = f.Keyring
	return f.Keyring.Reload(ctx)
}

// Tokens that are written while others are re-sealed must not be undone.
func TestResealBesideWriters(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		keyring := newKeyring(t)
		s := mustUnlock(t, url, keyring)
		const channels = 40
		for i := range channels {
			mustCreate(t, s, sample(fmt.Sprint(i)))
		}
		old := keyring.Primary()
		if _, err := keyring.Rotate(t.Context()); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := s.Reseal(t.Context(), 3, nil); err != nil {
				t.Errorf("Reseal: %v", err)
			}
		})
		for id := range int64(channels) {
			wg.Go(func() {
				l, h, err := s.Acquire(t.Context(), id+1, "me", time.Minute)
				if err != nil {
					t.Errorf("Acquire: %v", err)
					return
				}
				h.Value = sqlSecret(fmt.Sprint("fresh ", id))
				if _, err := s.Commit(t.Context(), l, h); err != nil {
					t.Errorf("Commit beside Reseal: %v", err)
				}
			})
		}
		wg.Wait()
		for id := range int64(channels) {
			if h, err := s.Held(t.Context(), id+1); err != nil || h.Value.Reveal() != fmt.Sprint("fresh ", id) {
				t.Errorf("channel %d lost its fresh token: %v", id+1, err)
			}
		}
		if err := s.Retire(t.Context(), old); err != nil {
			t.Errorf("Retire: %v; want nothing left under the old key", err)
		}
	})
}

// A row that does not open keeps its key and is named; all others are done.
func TestResealNamesUnreadableRows(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		keyring := newKeyring(t)
		s := mustUnlock(t, url, keyring)
		for i := range 3 {
			mustCreate(t, s, sample(fmt.Sprint(i)))
		}
		execRaw(t, url, `update channels set token_sealed = (select token_sealed from channels where id = 1) where id = 2`)
		old := keyring.Primary()
		if _, err := keyring.Rotate(t.Context()); err != nil {
			t.Fatal(err)
		}
		changed, err := s.Reseal(t.Context(), 0, nil)
		if changed != 2 || err == nil {
			t.Fatalf("Reseal = %d, %v; want 2 rows and an error", changed, err)
		}
		if want := "channel 2"; !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not name %s", err, want)
		}
		if err := s.Retire(t.Context(), old); !errors.Is(err, sqlstore.ErrKeyInUse) {
			t.Errorf("Retire = %v; want %v", err, sqlstore.ErrKeyInUse)
		}
	})
}
