package seal_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/evergrant/evergrant/seal"
)

func TestRotate(t *testing.T) {
	path := keysetPath(t)
	c := newClock()
	k := mustCreate(t, path, seal.Options{Now: c.Now})
	first := k.Primary()
	old := mustSeal(t, k, "old")
	c.Add(90 * 24 * time.Hour)
	second := mustRotate(t, k)
	want := []seal.Key{{ID: first, CreatedAt: newClock().Now()}, {ID: second, Primary: true, CreatedAt: c.Now()}}
	for name, ring := range map[string]*seal.Keyring{"in memory": k, "in the file": mustLoad(t, path, seal.Options{})} {
		if got := ring.Keys(); !slices.Equal(got, want) {
			t.Errorf("keys %s: got %+v; want %+v", name, got, want)
		}
		wantOpen(t, ring, old, "old")
		if id, _ := seal.KeyIDOf(mustSeal(t, ring, "new")); id != second {
			t.Errorf("%s: sealed with %s; want %s", name, id, second)
		}
	}
	wantNoLeftovers(t, path)
}

func TestRetire(t *testing.T) {
	path := keysetPath(t)
	k := mustCreate(t, path, seal.Options{})
	first := k.Primary()
	old := mustSeal(t, k, "old")
	wantErr(t, k.Retire(t.Context(), first), seal.ErrPrimary, first, "rotate first")
	second := mustRotate(t, k)
	fresh := mustSeal(t, k, "new")
	for _, id := range []string{"", "x", "-1", "99999999999", "1 2"} {
		wantErr(t, k.Retire(t.Context(), id), seal.ErrUnknownKey, path)
	}
	wantErr(t, k.Retire(t.Context(), second), seal.ErrPrimary)
	if err := k.Retire(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	wantErr(t, k.Retire(t.Context(), first), seal.ErrUnknownKey, first)
	for _, ring := range []*seal.Keyring{k, mustLoad(t, path, seal.Options{})} {
		_, err := ring.Open(old, ad)
		wantErr(t, err, seal.ErrUnknownKey, first)
		wantOpen(t, ring, fresh, "new")
		if got := ring.Keys(); len(got) != 1 || got[0].ID != second {
			t.Errorf("got keys %+v; want only %s", got, second)
		}
	}
}

// Rotations and retirements through several keyrings must not lose a key.
func TestChangesAtOnce(t *testing.T) {
	path := keysetPath(t)
	first := mustCreate(t, path, seal.Options{}).Primary()
	const changers = 8
	ids := make([]string, changers)
	var wg sync.WaitGroup
	for i := range changers {
		k := mustLoad(t, path, seal.Options{Timeout: time.Minute})
		wg.Go(func() {
			var err error
			if ids[i], err = k.Rotate(t.Context()); err != nil {
				t.Error(err)
			}
			if i == 0 {
				if err := k.Retire(t.Context(), first); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	var got []string
	for _, key := range mustLoad(t, path, seal.Options{}).Keys() {
		got = append(got, key.ID)
	}
	slices.Sort(got)
	slices.Sort(ids)
	if !slices.Equal(got, ids) {
		t.Errorf("got keys %v; want %v", got, ids)
	}
}

func TestRotateThroughALink(t *testing.T) {
	path := keysetPath(t)
	mustCreate(t, path, seal.Options{})
	link := filepath.Join(t.TempDir(), "link.json")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	id := mustRotate(t, mustLoad(t, link, seal.Options{}))
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v, %v", info, err)
	}
	if got := mustLoad(t, path, seal.Options{}).Primary(); got != id {
		t.Errorf("got primary %s in the file; want %s", got, id)
	}
}

func TestRotateWithoutFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "keyset.json")
	k := mustCreate(t, path, seal.Options{})
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	_, err := k.Rotate(t.Context())
	wantErr(t, err, seal.ErrNoKeyset, path)
	if err := os.RemoveAll(filepath.Dir(path)); err != nil {
		t.Fatal(err)
	}
	_, err = k.Rotate(t.Context())
	wantErr(t, err, seal.ErrNoKeyset, path)
}

// A killed process may leave a file with a key that is retired later.
func TestLeftoversAreRemoved(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "odd [name]*")
	path := filepath.Join(dir, "keyset.json")
	k := mustCreate(t, path, seal.Options{})
	for i := range 3 {
		writeFile(t, filepath.Join(dir, fmt.Sprintf(".keyset.json.tmp-%d", i)), []byte("left"))
	}
	writeFile(t, filepath.Join(dir, "other.tmp-1"), []byte("not ours"))
	mustRotate(t, k)
	if got, want := len(mustReadDir(t, dir)), 3; got != want { // keyset, lock, other
		t.Errorf("got %d files; want %d: %v", got, want, mustReadDir(t, dir))
	}
}

func mustReadDir(t *testing.T, dir string) []os.DirEntry {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}
