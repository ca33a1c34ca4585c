//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package seal_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/evergrant/evergrant/seal"
)

func TestRotateLocked(t *testing.T) {
	path := keysetPath(t)
	k := mustCreate(t, path, seal.Options{Timeout: 50 * time.Millisecond})
	f, err := os.OpenFile(path+".lock", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	before := readFile(t, path)
	_, err = k.Rotate(t.Context())
	wantErr(t, err, seal.ErrLocked, path)
	if string(readFile(t, path)) != string(before) {
		t.Error("the file has changed without the lock")
	}
}

func TestRotateKeepsModeAndOwner(t *testing.T) {
	path := keysetPath(t)
	k := mustCreate(t, path, seal.Options{})
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	uid := os.Getuid()
	if uid == 0 {
		uid = 12345
		if err := os.Chown(path, uid, uid); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(path + ".lock"); err != nil {
		t.Fatal(err)
	}
	mustRotate(t, k)
	for _, name := range []string{path, path + ".lock"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := int(info.Sys().(*syscall.Stat_t).Uid); got != uid {
			t.Errorf("owner of %s: got %d; want %d", name, got, uid)
		}
		if got := info.Mode().Perm(); name == path && got != 0o400 {
			t.Errorf("mode: got %04o; want 0400", got)
		}
	}
}

// A planted link must not make root open, or give away, the file behind it.
func TestLockIsNoLink(t *testing.T) {
	path := keysetPath(t)
	k := mustCreate(t, path, seal.Options{})
	if err := os.Remove(path + ".lock"); err != nil {
		t.Fatal(err)
	}
	target := filepath.Join(t.TempDir(), "target")
	writeFile(t, target, nil)
	if err := os.Symlink(target, path+".lock"); err != nil {
		t.Fatal(err)
	}
	_, err := k.Rotate(t.Context())
	wantErr(t, err, syscall.ELOOP, path+".lock")
}

// fullEnv makes the child process see a disk that takes no more than this many bytes.
const fullEnv = "SEAL_TEST_CHILD_FILE_LIMIT"

func init() {
	if os.Getenv(fullEnv) == "" {
		return
	}
	signal.Ignore(syscall.SIGXFSZ) // so that a write fails, as it does on a full disk
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 100, Max: 100}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

// A write that stops half-way leaves the old keyset, or none, and no debris.
func TestDiskFull(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	run := func(path string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), exe)
		cmd.Env = append(os.Environ(), childEnv+"="+path, fullEnv+"=1")
		out, err := cmd.CombinedOutput()
		if want := "cannot be written: file too large"; err == nil || !bytes.Contains(out, []byte(want)) {
			t.Errorf("got %v: %s; want %q", err, out, want)
		}
		wantNoLeftovers(t, path)
	}
	path := keysetPath(t)
	run(path)
	if _, err := os.Stat(path); err == nil {
		t.Error("half a keyset was created")
	}
	path = filepath.Join(t.TempDir(), "keyset.json")
	k := mustCreate(t, path, seal.Options{Timeout: time.Minute})
	sealed, before := mustSeal(t, k, "token"), readFile(t, path)
	run(path)
	if !bytes.Equal(readFile(t, path), before) {
		t.Error("the keyset has changed")
	}
	wantOpen(t, mustLoad(t, path, seal.Options{}), sealed, "token")
}
