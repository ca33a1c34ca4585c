package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"path"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
)

//go:embed migrations
var migrationFiles embed.FS

// migrationDir returns the files of one dialect.
func migrationDir(name string) fs.FS {
	dir, err := fs.Sub(migrationFiles, path.Join("migrations", name))
	if err != nil {
		panic(err) // the name is one of two constants
	}
	return dir
}

// latestVersion is the newest schema that this program knows. Both dialects have
// the same versions; a test sees to it.
func latestVersion() int64 { return newestIn(migrationDir("sqlite")) }

func newestIn(dir fs.FS) int64 {
	names, err := fs.Glob(dir, "*.sql")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	var newest int64
	for _, name := range names {
		number, _, _ := strings.Cut(name, "_")
		if v, err := strconv.ParseInt(number, 10, 64); err == nil {
			newest = max(newest, v)
		}
	}
	return newest
}

// runMigrations brings the schema forward on db, with whatever locking opts hold.
func runMigrations(ctx context.Context, d goose.Dialect, db *sql.DB, dir fs.FS, log *slog.Logger, opts ...goose.ProviderOption) error {
	opts = append(opts, goose.WithTableName(versionTable), goose.WithDisableGlobalRegistry(true))
	p, err := goose.NewProvider(d, db, dir, opts...)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	results, err := p.Up(ctx)
	for _, r := range results {
		log.InfoContext(ctx, "migrated the database", "version", r.Source.Version, "took", r.Duration)
	}
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}
