//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package seal

import (
	"errors"
	"io/fs"
	"os"
)

// posix says whether a file's mode tells who may read it, and a folder can be flushed.
const posix = false

// noFollow would make opening a symbolic link an error.
const noFollow = 0

var errHeld = errors.New("lock is held")

// tryLock reports that this system has no such locks: a keyset can be made and used
// here, but not changed.
func tryLock(*os.File) error { return errors.ErrUnsupported }

func keepOwner(*os.File, fs.FileInfo) error { return nil }
