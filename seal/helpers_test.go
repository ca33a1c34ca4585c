package seal_test

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gocloud.dev/secrets"
	"gocloud.dev/secrets/localsecrets"

	"github.com/evergrant/evergrant/seal"
)

var ad = seal.Bind(7, "channels.token")

func keysetPath(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "keyset.json")
}

func mustCreate(t testing.TB, path string, opts seal.Options) *seal.Keyring {
	t.Helper()
	k, err := seal.Create(t.Context(), path, opts)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func mustLoad(t testing.TB, path string, opts seal.Options) *seal.Keyring {
	t.Helper()
	k, err := seal.Load(t.Context(), path, opts)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func mustRotate(t testing.TB, k *seal.Keyring) string {
	t.Helper()
	id, err := k.Rotate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func mustSeal(t testing.TB, k *seal.Keyring, plaintext string) []byte {
	t.Helper()
	sealed, id, err := k.Seal([]byte(plaintext), ad)
	if err != nil {
		t.Fatal(err)
	}
	if named, err := seal.KeyIDOf(sealed); err != nil || named != id {
		t.Fatalf("KeyIDOf = %q, %v; want %q", named, err, id)
	}
	return sealed
}

func wantOpen(t testing.TB, k *seal.Keyring, sealed []byte, want string) {
	t.Helper()
	got, err := k.Open(sealed, ad)
	if err != nil || string(got) != want {
		t.Errorf("Open = %q, %v; want %q", got, err, want)
	}
}

// wantErr checks the class of err, that it is one line and names what it should.
func wantErr(t testing.TB, err, want error, mention ...string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v; want %v", err, want)
	}
	for _, m := range mention {
		if !strings.Contains(err.Error(), m) {
			t.Errorf("got error %q; want it to mention %q", err, m)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("got error %q; want one line", err)
	}
}

// unknownKey is shaped like a sealed value of a key that nobody has.
func unknownKey(k *seal.Keyring) []byte {
	b := make([]byte, 60)
	b[0] = 1
	id := uint32(1)
	for _, key := range k.Keys() {
		if key.ID == "1" {
			id = 2
		}
	}
	binary.BigEndian.PutUint32(b[1:], id)
	return b
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func writeFile(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func localKMS(t testing.TB) *secrets.Keeper {
	t.Helper()
	key, err := localsecrets.NewRandomKey()
	if err != nil {
		t.Fatal(err)
	}
	kms := localsecrets.NewKeeper(key)
	t.Cleanup(func() { _ = kms.Close() })
	return kms
}

// A clock stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func expired(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
