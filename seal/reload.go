package seal

import (
	"context"
	"fmt"
	"os"
	"time"
)

// retryPause is how long the keys in memory serve after a changed file could not be
// read, before it is tried again. It keeps a flood of garbage values from becoming a
// flood of KMS calls.
const retryPause = 5 * time.Second

// Reload reads the keyset file now, whether or not it has changed. On error the keys
// in memory stay. Errors are those of [Load], and [ErrForeign] when the file holds
// another keyset than before.
func (k *Keyring) Reload(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, k.opts.Timeout)
	defer cancel()
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.reloadLocked(ctx)
}

// fresh returns the keys of the file as it is now, and those in memory when it
// cannot be read. While it is unchanged this costs one look at its metadata.
func (k *Keyring) fresh() *snapshot {
	s := k.cur.Load()
	info, err := os.Stat(k.path)
	if err == nil && s.readFrom(info) {
		return s
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	// Another goroutine may have read it meanwhile, with or without success.
	if s = k.cur.Load(); err == nil && s.readFrom(info) {
		return s
	}
	if k.opts.Now().Before(k.retryAt) {
		return s
	}
	// Whoever needs a key now must have it, so this is bounded by time alone.
	ctx, cancel := context.WithTimeout(context.Background(), k.opts.Timeout)
	defer cancel()
	if err := k.reloadLocked(ctx); err != nil {
		k.opts.Logger.Warn("keyset file has changed but cannot be used; the keys in memory serve on", "error", err)
		k.retryAt = k.opts.Now().Add(retryPause)
	}
	return k.cur.Load()
}

func (k *Keyring) reloadLocked(ctx context.Context) error {
	s, err := readKeyset(ctx, k.path, k.opts.KMS)
	if err != nil {
		return err
	}
	if err := k.checkSame(s); err != nil {
		return err
	}
	k.install(s)
	return nil
}

func (k *Keyring) install(s *snapshot) {
	k.cur.Store(s)
	k.retryAt = time.Time{}
}

// checkSame refuses a keyset that is not a later state of ours: what has been
// sealed could no longer be opened.
func (k *Keyring) checkSame(s *snapshot) error {
	if have := k.cur.Load().id; s.id != have {
		return fmt.Errorf("keyset %s: %w: it is %s, and was %s; restore the file, or restart to use the new one", k.path, ErrForeign, s.id, have)
	}
	return nil
}
