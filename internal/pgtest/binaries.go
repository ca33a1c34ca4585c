package pgtest

import (
	"errors"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
)

// debianBinaries is where Debian keeps each version's programs.
const debianBinaries = "/usr/lib/postgresql/*/bin"

// errNoBinaries: PostgreSQL is not installed here.
var errNoBinaries = errors.New("no PostgreSQL server on this machine: neither PATH nor " + debianBinaries + " has initdb and postgres")

// findBinaries returns the folder that holds initdb and postgres.
func findBinaries(pattern string) (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil && complete(filepath.Dir(path)) {
			return filepath.Dir(path), nil
		}
	}
	dirs, err := filepath.Glob(pattern)
	if err != nil {
		return "", err
	}
	slices.SortFunc(dirs, func(a, b string) int { return version(b) - version(a) })
	for _, dir := range dirs {
		if complete(dir) {
			return dir, nil
		}
	}
	return "", errNoBinaries
}

// version is the number in /usr/lib/postgresql/17/bin.
func version(dir string) int {
	n, err := strconv.Atoi(filepath.Base(filepath.Dir(dir)))
	if err != nil {
		return 0
	}
	return n
}

func complete(dir string) bool {
	for _, name := range []string{"initdb", "postgres"} {
		if _, err := exec.LookPath(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}
