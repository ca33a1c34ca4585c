package settings

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxSecretBytes bounds a file that holds one value.
const maxSecretBytes = 64 << 10

// findSecretFile reads the file that X_FILE names. set says whether X itself is set.
func (l *loader) findSecretFile(row Setting, set bool) (finding, bool) {
	name := l.getenv(row.FileEnv())
	if name == "" {
		return finding{}, false
	}
	if set {
		l.report(row.Env, "and "+row.FileEnv()+" are both set: keep one")
		return finding{}, false
	}
	return l.readSecret(name, row.FileEnv(), "file "+name)
}

// findCredential reads the systemd credential of the setting, if there is one.
func (l *loader) findCredential(row Setting) (finding, bool) {
	dir := l.getenv("CREDENTIALS_DIRECTORY")
	if dir == "" {
		return finding{}, false
	}
	name := filepath.Join(dir, row.Credential())
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
		return finding{}, false
	}
	return l.readSecret(name, "credential "+row.Credential(), "credential "+row.Credential())
}

// readSecret reads a value from a file and drops one trailing newline.
func (l *loader) readSecret(name, where, origin string) (finding, bool) {
	data, err := readBounded(name, maxSecretBytes)
	if err != nil {
		l.report(where, err.Error())
		return finding{}, false
	}
	value := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	if value == "" {
		l.report(where, fmt.Sprintf("file %s is empty: write the value into it", name))
		return finding{}, false
	}
	return finding{value, where, origin}, true
}

// readBounded reads a whole small file. Its errors are one line: the file, the
// reason, and what to do.
func readBounded(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("file %s cannot be read: %w; check the path and its permissions", name, reason(err))
	}
	defer func() { _ = f.Close() }() // it was only read
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, fmt.Errorf("file %s cannot be read: %w; check the path and its permissions", name, reason(err))
	}
	if int64(len(data)) > most {
		return nil, fmt.Errorf("file %s is larger than %d bytes: give the right file", name, most)
	}
	return data, nil
}

// reason drops the operation and the path that a path error repeats.
func reason(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}
