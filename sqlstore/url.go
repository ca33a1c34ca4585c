package sqlstore

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
)

// A target is a parsed database URL.
type target struct {
	path string // absolute path of the SQLite file; empty for PostgreSQL
	dsn  string // PostgreSQL URL, with its password
	name string // for people: without user, password and parameters
}

// parseURL understands sqlite:///abs/path, sqlite://relative/path, postgres://… and
// postgresql://…. A SQLite path is taken as it stands, without percent-decoding.
func parseURL(raw string) (target, error) {
	scheme, rest, ok := strings.Cut(raw, "://")
	switch {
	case !ok:
		return target{}, fmt.Errorf("%w: it must begin with sqlite:// or postgres://", ErrURL)
	case scheme == "sqlite":
		return parseSQLite(rest)
	case scheme == "postgres" || scheme == "postgresql":
		return parsePostgres(raw)
	}
	return target{}, fmt.Errorf("%w: unknown scheme %.20q; use sqlite:// or postgres://", ErrURL, scheme)
}

func parseSQLite(path string) (target, error) {
	switch {
	case path == "" || path == "/":
		return target{}, fmt.Errorf("%w: sqlite:// needs a file, as in sqlite:///var/lib/evergrant/evergrant.db", ErrURL)
	case strings.Contains(path, ":memory:"):
		return target{}, fmt.Errorf("%w: a database in memory would lose its tokens; name a file", ErrURL)
	case strings.ContainsAny(path, "?#\x00"):
		return target{}, fmt.Errorf("%w: a SQLite path takes no parameters, and must not contain ? or #", ErrURL)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return target{}, fmt.Errorf("%w: %w", ErrURL, err)
	}
	return target{path: abs, name: "database " + abs}, nil
}

// parsePostgres checks what net/url can check. Its errors repeat nothing of the
// URL, since the password may stand anywhere in a malformed one.
func parsePostgres(raw string) (target, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return target{}, fmt.Errorf("%w: expected postgres://user:password@host:5432/database; percent-encode special characters of the password", ErrURL)
	}
	if u.Host == "" && u.Query().Get("host") == "" {
		return target{}, fmt.Errorf("%w: the host is missing, as in postgres://user:password@host:5432/database", ErrURL)
	}
	host := u.Host
	if host == "" {
		host = u.Query().Get("host")
	}
	return target{dsn: raw, name: "database postgres://" + host + u.EscapedPath()}, nil
}
