package seal_test

import (
	"bytes"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evergrant/evergrant/seal"
)

func TestRotationSeenByAnother(t *testing.T) {
	path := keysetPath(t)
	a := mustCreate(t, path, seal.Options{})
	b := mustLoad(t, path, seal.Options{})
	sealed := func() []byte { mustRotate(t, a); return mustSeal(t, a, "token") }()
	wantOpen(t, b, sealed, "token")
	if got, want := b.Primary(), a.Primary(); got != want {
		t.Errorf("got primary %s; want %s", got, want)
	}
}

// Sealing with a key that another process has replaced would lose the value when
// that key is retired.
func TestSealUsesTheFilesPrimary(t *testing.T) {
	path := keysetPath(t)
	a := mustCreate(t, path, seal.Options{})
	b := mustLoad(t, path, seal.Options{})
	for range 20 {
		want := mustRotate(t, a)
		if got, _ := seal.KeyIDOf(mustSeal(t, b, "token")); got != want {
			t.Fatalf("sealed with %s; want %s", got, want)
		}
	}
	if err := a.Retire(t.Context(), a.Keys()[0].ID); err != nil {
		t.Fatal(err)
	}
	mustSeal(t, b, "token")
	if got, want := len(b.Keys()), 20; got != want {
		t.Errorf("got %d keys; want %d", got, want)
	}
}

func TestReload(t *testing.T) {
	path := keysetPath(t)
	a := mustCreate(t, path, seal.Options{})
	b := mustLoad(t, path, seal.Options{})
	id := mustRotate(t, a)
	if err := b.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := b.Primary(); got != id {
		t.Errorf("got primary %s; want %s", got, id)
	}
}

// Whatever becomes of the file, the keys in memory serve on, and each spoiled state
// is told once, not with every call.
func TestFileSpoiledWhileRunning(t *testing.T) {
	for _, tt := range []struct {
		name  string
		spoil func(t *testing.T, path string)
		want  error
	}{
		{"removed", func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}, seal.ErrNoKeyset},
		{"broken", func(t *testing.T, path string) { writeFile(t, path, []byte("broken")) }, seal.ErrNotKeyset},
		{"another keyset", func(t *testing.T, path string) {
			other := keysetPath(t)
			mustCreate(t, other, seal.Options{})
			if err := os.Rename(other, path); err != nil {
				t.Fatal(err)
			}
		}, seal.ErrForeign},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := keysetPath(t)
			c := newClock()
			var log bytes.Buffer
			k := mustCreate(t, path, seal.Options{Now: c.Now, Logger: slog.New(slog.NewTextHandler(&log, nil))})
			before, backup := mustSeal(t, k, "before"), readFile(t, path)
			tt.spoil(t, path)
			for range 5 {
				wantOpen(t, k, mustSeal(t, k, "after"), "after")
				wantOpen(t, k, before, "before")
				_, err := k.Open(unknownKey(k), ad)
				wantErr(t, err, seal.ErrUnknownKey)
			}
			if got := strings.Count(log.String(), "\n"); got != 1 {
				t.Errorf("got %d log lines; want 1:\n%s", got, log.String())
			}
			wantErr(t, k.Reload(t.Context()), tt.want, path)
			_, err := k.Rotate(t.Context())
			wantErr(t, err, tt.want, path)

			c.Add(5 * time.Second)
			mustSeal(t, k, "still")
			if got := strings.Count(log.String(), "\n"); got != 2 {
				t.Errorf("got %d log lines after the pause; want 2", got)
			}
			writeFile(t, path, backup)
			c.Add(5 * time.Second)
			mustSeal(t, k, "healed")
			if err := k.Reload(t.Context()); err != nil {
				t.Errorf("got %v with the file restored; want nil", err)
			}
			if got := strings.Count(log.String(), "\n"); got != 2 {
				t.Errorf("got %d log lines with the file restored; want 2", got)
			}
		})
	}
}

// Garbage that names unknown keys must not make the KMS busy.
func TestGarbageCausesNoReloads(t *testing.T) {
	path := keysetPath(t)
	kms := &fakeKMS{}
	c := newClock()
	opts := seal.Options{KMS: kms.open(t), Now: c.Now}
	a := mustCreate(t, path, opts)
	b := mustLoad(t, path, opts)
	base := kms.decrypts.Load()
	flood := func() {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 50 {
					_, err := b.Open(unknownKey(b), ad)
					if err == nil {
						t.Error("garbage was opened")
					}
				}
			})
		}
		wg.Wait()
	}
	flood()
	if got := kms.decrypts.Load() - base; got != 0 {
		t.Errorf("got %d KMS calls while the file is unchanged; want 0", got)
	}
	mustRotate(t, a) // reads the file itself, once
	base = kms.decrypts.Load()
	flood()
	if got := kms.decrypts.Load() - base; got != 1 {
		t.Errorf("got %d KMS calls after a rotation; want 1", got)
	}
	mustRotate(t, a)
	kms.down.Store(true)
	base = kms.decrypts.Load()
	flood()
	if got := kms.decrypts.Load() - base; got != 1 {
		t.Errorf("got %d KMS calls while it is down; want 1 in five seconds", got)
	}
	kms.down.Store(false)
	c.Add(5 * time.Second)
	wantOpen(t, b, mustSeal(t, a, "token"), "token")
}
