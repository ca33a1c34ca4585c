package seal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"gocloud.dev/secrets"
)

// maxFileBytes is far above any keyset: a key takes about 300 bytes.
const maxFileBytes = 1 << 20

// readKeyset reads and checks the file at path. Its errors name the path.
func readKeyset(ctx context.Context, path string, kms *secrets.Keeper) (*snapshot, error) {
	data, info, err := readFile(path)
	if err != nil {
		return nil, fmt.Errorf("keyset %s: %w", path, err)
	}
	d, err := decode(ctx, data, kms)
	if err != nil {
		return nil, fmt.Errorf("keyset %s: %w", path, err)
	}
	s, err := newSnapshot(d, info)
	if err != nil {
		return nil, fmt.Errorf("keyset %s: %w", path, err)
	}
	return s, nil
}

func readFile(path string) ([]byte, fs.FileInfo, error) {
	info, err := os.Stat(path) // before opening, which would wait on a pipe
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("%w; restore the file, or check EVERGRANT_KEYSET_FILE", ErrNoKeyset)
	}
	if err != nil {
		return nil, nil, unreadable(err)
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%w: it is not a regular file", ErrNotKeyset)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, unreadable(err)
	}
	defer func() { _ = f.Close() }() // only read
	if info, err = f.Stat(); err != nil {
		return nil, nil, unreadable(err)
	}
	if err := checkMode(info.Mode().Perm()); err != nil {
		return nil, nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return nil, nil, unreadable(err)
	}
	if len(data) > maxFileBytes {
		return nil, nil, fmt.Errorf("%w: it is larger than %d bytes", ErrNotKeyset, maxFileBytes)
	}
	return data, info, nil
}

func unreadable(err error) error {
	return fmt.Errorf("cannot be read: %w; run as its owner, or give the file to this user", reason(err))
}

// checkMode applies the rule of the package doc.
func checkMode(perm fs.FileMode) error {
	groupMayRead := perm&0o222 == 0
	if !posix || perm&0o077 == 0 || groupMayRead && perm&0o037 == 0 {
		return nil
	}
	return fmt.Errorf("%w: its mode is %04o; run chmod 600 on it, and rotate if others could have read it", ErrExposed, perm)
}

// createKeyset writes a new file. A hard link, unlike a rename, fails when there is
// one already, and shows the file only when it is complete.
func createKeyset(ctx context.Context, path string, d *draft, kms *secrets.Keeper) (*snapshot, error) {
	if _, err := os.Lstat(path); err == nil {
		return nil, existsError(path)
	}
	data, err := encode(ctx, d, kms)
	if err != nil {
		return nil, fmt.Errorf("keyset %s: %w", path, err)
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, unwritable(path, err)
	}
	unlock, err := lock(ctx, path)
	if err != nil && !errors.Is(err, errors.ErrUnsupported) { // without locks, the link alone keeps the promise
		return nil, err
	}
	defer unlock()
	removeLeftovers(path)
	tmp, err := writeTemp(path, data, nil)
	if err != nil {
		return nil, unwritable(path, err)
	}
	defer func() { _ = os.Remove(tmp) }() // the link remains; a leftover goes with the next change
	if err := os.Link(tmp, path); errors.Is(err, fs.ErrExist) {
		return nil, existsError(path)
	} else if err != nil {
		return nil, unwritable(path, err)
	}
	if err := syncDir(dir); err != nil {
		return nil, unwritable(path, err)
	}
	return snapshotOf(path, d)
}

// replaceKeyset puts d in the place of the file at path, which keeps its owner and
// mode. The caller holds the lock.
func replaceKeyset(ctx context.Context, path string, d *draft, kms *secrets.Keeper, old fs.FileInfo) (*snapshot, error) {
	data, err := encode(ctx, d, kms)
	if err != nil {
		return nil, fmt.Errorf("keyset %s: %w", path, err)
	}
	tmp, err := writeTemp(path, data, old)
	if err != nil {
		return nil, unwritable(path, err)
	}
	if err := os.Rename(tmp, path); err != nil {
		_ = os.Remove(tmp)
		return nil, unwritable(path, err)
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return nil, unwritable(path, err)
	}
	return snapshotOf(path, d)
}

func snapshotOf(path string, d *draft) (*snapshot, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("keyset %s: %w", path, unreadable(err))
	}
	s, err := newSnapshot(d, info)
	if err != nil {
		return nil, fmt.Errorf("keyset %s: %w", path, err)
	}
	return s, nil
}

func existsError(path string) error {
	return fmt.Errorf("keyset %s: %w; it is never replaced", path, ErrKeysetExists)
}

func unwritable(path string, err error) error {
	return fmt.Errorf("keyset %s: cannot be written: %w; its folder must be writable, and have hard links and space", path, reason(err))
}
