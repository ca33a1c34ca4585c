package seal

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/tink-crypto/tink-go/v2/keyset"
)

// Rotate adds a new key, makes it primary, and returns its id. The old keys stay and
// open what they sealed. Several processes may rotate at once: each adds its key.
// Errors are those of [Keyring.Reload], and [ErrLocked] when another change does not
// end in time.
//
// An error that says that the file cannot be written may come after the new file is
// in place; [Keyring.Reload] and [Keyring.Keys] tell.
func (k *Keyring) Rotate(ctx context.Context) (keyID string, err error) {
	err = k.change(ctx, func(d *draft, m *keyset.Manager) error {
		id, err := d.addPrimary(m, k.opts.Now())
		keyID = keyName(id)
		return err
	})
	if err != nil {
		return "", err
	}
	return keyID, nil
}

// Retire removes a key for good: what it sealed can never be opened again. The caller
// makes sure that nothing is left, see the package doc. Errors are those of
// [Keyring.Rotate], [ErrPrimary], and [ErrUnknownKey], also when it has been retired
// before.
func (k *Keyring) Retire(ctx context.Context, keyID string) error {
	return k.change(ctx, func(d *draft, m *keyset.Manager) error {
		id, err := strconv.ParseUint(keyID, 10, 32)
		if err != nil {
			return fmt.Errorf("retire key %q: %w; key ids are numbers", keyID, ErrUnknownKey)
		}
		s, err := newSnapshot(d, nil)
		if err != nil {
			return err
		}
		if !s.has(uint32(id)) {
			return fmt.Errorf("retire key %d: %w", id, ErrUnknownKey)
		}
		if s.primary == keyName(uint32(id)) {
			return fmt.Errorf("retire key %d: %w; rotate first", id, ErrPrimary)
		}
		if err := m.Delete(uint32(id)); err != nil {
			return fmt.Errorf("retire key %d: %w", id, err)
		}
		delete(d.created, uint32(id))
		d.handle, err = m.Handle()
		return err
	})
}

// change applies edit to the keys as they are in the file now, not in memory, while
// no other process can change them.
func (k *Keyring) change(ctx context.Context, edit func(*draft, *keyset.Manager) error) error {
	ctx, cancel := context.WithTimeout(ctx, k.opts.Timeout)
	defer cancel()
	path, err := filepath.EvalSymlinks(k.path) // or the rename would replace the link
	if err != nil {
		path = k.path // reading it tells what is wrong
	}
	unlock, err := lock(ctx, path)
	if err != nil {
		return err
	}
	defer unlock()
	removeLeftovers(path)
	old, err := readKeyset(ctx, path, k.opts.KMS)
	if err != nil {
		return err
	}
	if err := k.checkSame(old); err != nil {
		return err
	}
	if err := edit(old.draft, keyset.NewManagerFromHandle(old.handle)); err != nil {
		return fmt.Errorf("keyset %s: %w", k.path, err)
	}
	s, err := replaceKeyset(ctx, path, old.draft, k.opts.KMS, old.file)
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.install(s)
	return nil
}
