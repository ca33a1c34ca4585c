package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/seal"
	"github.com/evergrant/evergrant/sqlstore"
)

// helper is what the test binary does as another process. Its error goes to standard
// error as one line.
func helper(job string, args []string) int {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var err error
	switch {
	case job == "start" && len(args) == 2:
		err = startAndCount(ctx, args[0], args[1])
	case job == "open" && len(args) == 2:
		err = openOnly(ctx, args[0], args[1])
	default:
		err = fmt.Errorf("no such job: %s %q", job, args)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// helperCommand is this test binary as another process.
func helperCommand(t *testing.T, job string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), helperVariable+"="+job)
	return cmd
}

// openOnly opens and unlocks a store, and makes a channel.
func openOnly(ctx context.Context, url, keyset string) (err error) {
	keyring, err := seal.Load(ctx, keyset, seal.Options{})
	if err != nil {
		return err
	}
	db, err := sqlstore.Open(ctx, sqlstore.Config{URL: url})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	s, err := db.Unlock(ctx, keyring)
	if err != nil {
		return err
	}
	_, err = s.Create(ctx, evergrant.Held{Channel: evergrant.Channel{App: "a"}}, evergrant.Event{})
	return err
}

// startAndCount starts on what may be an empty database, as other processes do at the
// same time, and then counts the attempts of channel 1 up ten times under its lease.
func startAndCount(ctx context.Context, url, keyset string) (err error) {
	keyring, _, err := seal.LoadOrCreate(ctx, keyset, seal.Options{})
	if err != nil {
		return err
	}
	db, err := sqlstore.Open(ctx, sqlstore.Config{URL: url})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	s, err := db.Unlock(ctx, keyring)
	if err != nil {
		return err
	}
	first := sample("1")
	first.ID = 1
	if _, err := s.Create(ctx, first, evergrant.Event{}); err != nil && !errors.Is(err, evergrant.ErrStale) {
		return err
	}
	for done := 0; done < 10; {
		l, h, err := s.Acquire(ctx, 1, fmt.Sprint("process ", os.Getpid()), time.Minute)
		if errors.Is(err, evergrant.ErrLeased) {
			continue
		}
		if err != nil {
			return err
		}
		h.Attempts++
		if _, err := s.Commit(ctx, l, h, evergrant.Event{}); err != nil {
			return err
		}
		done++
	}
	return nil
}
