package seal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// tempPattern names the files beside path that a change writes first.
func tempPattern(path string) string { return "." + filepath.Base(path) + ".tmp-*" }

// writeTemp writes data to a new file beside path and flushes it to the disk. The
// file gets the owner and mode of old, or else is the user's own, 0600.
func writeTemp(path string, data []byte, old fs.FileInfo) (name string, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), tempPattern(path))
	if err != nil {
		return "", err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	if old != nil { // root may rotate the keyset of a service
		if err := keepOwner(f, old); err != nil {
			return "", err
		}
		if err := f.Chmod(old.Mode().Perm()); err != nil {
			return "", err
		}
	}
	if _, err := f.Write(data); err != nil {
		return "", err
	}
	return f.Name(), f.Sync()
}

// removeLeftovers removes what a killed process left, since it may hold a key that
// has been retired. The caller holds the lock, so nobody is writing one now.
func removeLeftovers(path string) {
	left, err := filepath.Glob(filepath.Join(globEscape(filepath.Dir(path)), globEscape("."+filepath.Base(path))+".tmp-*"))
	if err != nil {
		return // globEscape leaves no bad pattern
	}
	for _, name := range left {
		_ = os.Remove(name) // tried again with the next change
	}
}

// syncDir flushes a folder, so that a new name in it survives a power cut.
func syncDir(dir string) error {
	if !posix {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
