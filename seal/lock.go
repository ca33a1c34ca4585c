package seal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// lockPoll is how often a held lock is tried again: the system's own wait for a file
// lock cannot be cancelled.
const lockPoll = 20 * time.Millisecond

// lock waits for the sole right to change the keyset at path. The lock belongs to an
// open file, so it ends with its process, however that ends; the file FILE.lock is
// empty and stays. unlock is never nil.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	name := path + ".lock"
	unlock = func() {}
	f, err := openLock(name, path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) { // the folder is missing
			return unlock, fmt.Errorf("keyset %s: %w; restore the file, or check EVERGRANT_KEYSET_FILE", path, ErrNoKeyset)
		}
		return unlock, fmt.Errorf("keyset %s: lock file %s: %w; its folder must be writable", path, name, reason(err))
	}
	for {
		err := tryLock(f)
		if err == nil {
			return func() { _ = f.Close() }, nil // closing gives up the lock
		}
		if !errors.Is(err, errHeld) {
			_ = f.Close()
			return unlock, fmt.Errorf("keyset %s: lock file %s: %w", path, name, err)
		}
		if err := sleep(ctx, lockPoll); err != nil {
			_ = f.Close()
			return unlock, fmt.Errorf("keyset %s: %w by another process; try again when it has ended: %w", path, ErrLocked, err)
		}
	}
}

// openLock opens the lock file, and makes it when it is missing. One made by root goes
// to the owner of the keyset, or of its folder, who would be locked out otherwise. A
// file that was there keeps its owner, and a link is refused: in a folder of somebody
// else's, root must not be led to give away another file.
func openLock(name, path string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return os.OpenFile(name, os.O_RDWR|noFollow, 0)
	}
	if err != nil {
		return nil, err
	}
	like, err := os.Stat(path)
	if err != nil {
		like, err = os.Stat(filepath.Dir(path))
	}
	if err == nil {
		_ = keepOwner(f, like) // only root may; others own the file anyway
	}
	return f, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// globEscape makes a name match itself alone in [filepath.Glob].
func globEscape(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(name)
}
