package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// replaceFile writes a file that only its owner can read, and puts it in its place
// when it is complete and on disk. After an error the old file is as it was. What is
// no regular file is never replaced.
func replaceFile(name string, write func(io.Writer) error) (err error) {
	if err := checkTarget(name); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".evergrant-*") // mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w; its directory must exist and be writable", name, err)
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	out := bufio.NewWriter(f)
	if err := write(out); err != nil {
		return err
	}
	if err := errors.Join(out.Flush(), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// checkTarget refuses to put a file in the place of something else: renaming over a
// device or a pipe would take it away from everyone who uses it, and over a symbolic
// link would leave the file behind it as it was.
func checkTarget(name string) error {
	info, err := os.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.IsDir():
		return errors.New("it is a directory; give the name of a file")
	case info.Mode()&fs.ModeSymlink != 0:
		return errors.New("it is a symbolic link, which would be replaced; give the file that it points to")
	case !info.Mode().IsRegular():
		return errors.New("it is not a regular file; leave out --out to write to standard output")
	}
	return nil
}
