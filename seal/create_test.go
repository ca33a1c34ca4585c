package seal_test

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/evergrant/evergrant/seal"
)

func TestCreate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "deep", "keyset.json")
	c := newClock()
	k := mustCreate(t, path, seal.Options{Now: c.Now})
	for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700, filepath.Dir(filepath.Dir(path)): 0o700} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("mode of %s: got %04o; want %04o", name, got, want)
		}
	}
	again := mustLoad(t, path, seal.Options{})
	if got, want := again.ID(), k.ID(); got != want || want == "" {
		t.Errorf("got keyset id %q after loading; want %q", got, want)
	}
	got := again.Keys()
	if want := (seal.Key{ID: k.Primary(), Primary: true, CreatedAt: c.Now()}); len(got) != 1 || got[0] != want {
		t.Errorf("got keys %+v; want only %+v", got, want)
	}
	wantOpen(t, again, mustSeal(t, k, "token"), "token")
	wantNoLeftovers(t, path)
}

func wantNoLeftovers(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if n := e.Name(); n != filepath.Base(path) && n != filepath.Base(path)+".lock" {
			t.Errorf("left over: %s", n)
		}
	}
}

func TestCreateNeverReplaces(t *testing.T) {
	for _, tt := range []struct {
		name string
		make func(t *testing.T, path string)
	}{
		{"a keyset", func(t *testing.T, path string) { mustCreate(t, path, seal.Options{}) }},
		{"an empty file", func(t *testing.T, path string) { writeFile(t, path, nil) }},
		{"other content", func(t *testing.T, path string) { writeFile(t, path, []byte("precious")) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := keysetPath(t)
			tt.make(t, path)
			before := readFile(t, path)
			_, err := seal.Create(t.Context(), path, seal.Options{})
			wantErr(t, err, seal.ErrKeysetExists, path)
			if !bytes.Equal(readFile(t, path), before) {
				t.Error("the file has changed")
			}
		})
	}
	t.Run("a dangling link", func(t *testing.T) {
		path := keysetPath(t)
		if err := os.Symlink(path+".elsewhere", path); err != nil {
			t.Fatal(err)
		}
		_, err := seal.Create(t.Context(), path, seal.Options{})
		wantErr(t, err, seal.ErrKeysetExists)
	})
}

func TestCreateCannotWrite(t *testing.T) {
	file := keysetPath(t)
	writeFile(t, file, nil)
	path := filepath.Join(file, "keyset.json")
	_, err := seal.Create(t.Context(), path, seal.Options{})
	if err == nil {
		t.Fatal("got no error for a path below a file")
	}
	wantErr(t, err, err, path, "cannot be written: not a directory")
}

func TestCreateLockFileIsAFolder(t *testing.T) {
	path := keysetPath(t)
	if err := os.Mkdir(path+".lock", 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := seal.Create(t.Context(), path, seal.Options{})
	if err == nil {
		t.Fatal("got no error for a lock that cannot be made")
	}
	wantErr(t, err, err, path+".lock")
	if _, err := os.Stat(path); err == nil {
		t.Error("a keyset was made without the lock")
	}
}

func TestLoadOrCreateAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "keyset.json")
	const callers = 16
	rings := make([]*seal.Keyring, callers)
	made := make([]bool, callers)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			<-start
			var err error
			if rings[i], made[i], err = seal.LoadOrCreate(t.Context(), path, seal.Options{Timeout: time.Minute}); err != nil {
				t.Error(err)
			}
		})
	}
	close(start)
	wg.Wait()
	if t.Failed() {
		return
	}
	count := 0
	for i, k := range rings {
		if made[i] {
			count++
		}
		wantOpen(t, k, mustSeal(t, rings[0], "token"), "token")
	}
	if count != 1 {
		t.Errorf("%d callers created the keyset; want 1", count)
	}
	wantNoLeftovers(t, path)
}

func TestLoadOrCreateKeepsABrokenFile(t *testing.T) {
	path := keysetPath(t)
	writeFile(t, path, []byte("broken"))
	_, created, err := seal.LoadOrCreate(t.Context(), path, seal.Options{})
	wantErr(t, err, seal.ErrNotKeyset)
	if created || string(readFile(t, path)) != "broken" {
		t.Error("a broken keyset was replaced; want it untouched")
	}
}
