package sqlstore_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/seal"
	"github.com/evergrant/evergrant/sqlstore"
)

// smallDisk mounts a file system of the given size, which only root may do.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size+",mode=0700"); err != nil {
		t.Skipf("no small disk on this machine: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return dir
}

func TestDiskFullAtCreation(t *testing.T) {
	dir := smallDisk(t, "64k")
	db := mustOpen(t, "sqlite://"+filepath.Join(dir, "evergrant.db"))
	_, err := db.Unlock(t.Context(), newKeyring(t))
	wantOneLine(t, err, sqlstore.ErrDiskFull, dir, "make room")
	if have, _ := mustOpen(t, "sqlite://"+filepath.Join(dir, "evergrant.db")).Schema(); have != 0 {
		t.Errorf("schema = %d; want 0: nothing half-written", have)
	}
}

// On a full disk writes fail with a clear line, alone and in company; what was stored
// stays readable, and writing goes on when there is room again.
func TestDiskFull(t *testing.T) {
	dir := smallDisk(t, "4m")
	s := mustUnlock(t, "sqlite://"+filepath.Join(dir, "evergrant.db"), newKeyring(t))
	c := mustCreate(t, s, sample("1"))
	l, h, err := s.Acquire(t.Context(), c.ID, "me", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	ballast := filepath.Join(dir, "ballast")
	fillUp(t, ballast)
	h.Value = sqlSecret("kept")
	var full error
	created := 0
	for i := range 2000 { // the last free bytes of the log are used up first
		if _, full = s.Create(t.Context(), sample(fmt.Sprint("more ", i)), evergrant.Event{}); full != nil {
			break
		}
		created++
	}
	wantOneLine(t, full, sqlstore.ErrDiskFull, dir, "make room")
	errs := make(chan error, 8)
	for i := range cap(errs) {
		go func() {
			_, err := s.Create(t.Context(), sample(fmt.Sprint("company ", i)), evergrant.Event{})
			errs <- err
		}()
	}
	for range cap(errs) {
		if err := <-errs; !errors.Is(err, sqlstore.ErrDiskFull) {
			t.Errorf("in company: got error %v; want %v", err, sqlstore.ErrDiskFull)
		}
	}
	if list, err := s.List(t.Context(), evergrant.Filter{Limit: 10_000}); err != nil || len(list) != created+1 {
		t.Errorf("List = %d, %v; want %d", len(list), err, created+1)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commit(t.Context(), l, h); err != nil {
		t.Errorf("Commit when there is room again: %v", err)
	}
	if got, err := s.Held(t.Context(), c.ID); err != nil || got.Value.Reveal() != "kept" {
		t.Errorf("the token was lost: %v", err)
	}
}

// fillUp writes a file until the disk is full.
func fillUp(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(f, zeros{}); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("filling the disk: %v; want %v", err, syscall.ENOSPC)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// TestReadOnly runs as a user who may not write, since root may write everywhere.
func TestReadOnly(t *testing.T) {
	root, err := os.MkdirTemp("", "readonly") //nolint:usetesting // the parent of t.TempDir is private
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(root); err != nil {
			t.Error(err)
		}
	})
	keyset := filepath.Join(root, "keyset.json")
	keyring, err := seal.Create(t.Context(), keyset, seal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	existing := filepath.Join(root, "state", "evergrant.db")
	s := mustUnlock(t, "sqlite://"+existing, keyring)
	mustCreate(t, s, sample("1"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(root, "empty")
	if err := os.Mkdir(empty, 0o700); err != nil {
		t.Fatal(err)
	}
	for path, mode := range map[string]os.FileMode{
		root: 0o755, filepath.Dir(existing): 0o555, existing: 0o444, empty: 0o555,
	} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Dir(existing), 0o755) }) // so that it can be removed
	nobody := asNobody(t, root, keyset)
	for _, tt := range []struct{ name, path string }{
		{"an existing database", existing},
		{"a new database", filepath.Join(empty, "evergrant.db")},
		{"a new folder", filepath.Join(empty, "state", "evergrant.db")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := content(t, root)
			text := nobody(t, "open", "sqlite://"+tt.path, keyset)
			if !strings.Contains(text, "database cannot be written") || !strings.Contains(text, filepath.Dir(filepath.Dir(tt.path))) {
				t.Errorf("got %q; want it to say what cannot be written", text)
			}
			if strings.Count(text, "\n") != 1 {
				t.Errorf("got %q; want one line", text)
			}
			if content(t, root) != before {
				t.Error("files have changed")
			}
		})
	}
}

// asNobody returns a way to run a helper without root's rights, which must fail; its
// result is what the helper printed.
func asNobody(t *testing.T, root, keyset string) func(t *testing.T, job string, args ...string) string {
	t.Helper()
	attr := &syscall.SysProcAttr{}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		const nobody = 65534
		attr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
		program, err := os.ReadFile(self) // the go command's folder is private
		if err != nil {
			t.Fatal(err)
		}
		self = filepath.Join(root, "helper")
		if err := os.WriteFile(self, program, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(keyset, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	coverage, err := os.MkdirTemp("", "coverage") //nolint:usetesting // a run with -cover leaves its data there, as nobody
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(coverage); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(coverage, 0o777); err != nil {
		t.Fatal(err)
	}
	return func(t *testing.T, job string, args ...string) string {
		t.Helper()
		cmd := helperCommand(t, job, args...)
		cmd.Path, cmd.SysProcAttr, cmd.Dir = self, attr, root
		cmd.Env = append(cmd.Env, "GOCOVERDIR="+coverage)
		var out bytes.Buffer
		cmd.Stderr = &out
		if err := cmd.Run(); err == nil {
			t.Fatal("it succeeded; want an error")
		}
		return out.String()
	}
}
