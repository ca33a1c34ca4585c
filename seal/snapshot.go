package seal

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/xaesgcm"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// A draft is a keyset on its way into a file or out of one.
type draft struct {
	id      string
	created map[uint32]time.Time // of the keys for which it is known
	handle  *keyset.Handle
}

// newDraft makes a keyset with one key.
func newDraft(now time.Time) (*draft, error) {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails: https://pkg.go.dev/crypto/rand#Read, read 2026-09
	d := &draft{id: hex.EncodeToString(id), created: map[uint32]time.Time{}}
	_, err := d.addPrimary(keyset.NewManager(), now)
	return d, err
}

// addPrimary adds a new key to the keys of m, makes it primary, and takes the result.
func (d *draft) addPrimary(m *keyset.Manager, now time.Time) (uint32, error) {
	id, err := m.Add(aead.XAES256GCM192BitNonceKeyTemplate())
	if err != nil {
		return 0, fmt.Errorf("new key: %w", err)
	}
	if err := m.SetPrimary(id); err != nil {
		return 0, fmt.Errorf("key %d: %w", id, err)
	}
	d.created[id] = now.UTC().Truncate(time.Second)
	d.handle, err = m.Handle()
	return id, err
}

// A snapshot is what one reading of the file gave. It does not change.
type snapshot struct {
	*draft
	aead    tink.AEAD
	ids     map[uint32]struct{}
	primary string
	file    fs.FileInfo // the file as it was when read
}

// newSnapshot checks that the keyset is one of ours: enabled XAES-256-GCM keys whose
// output names them. Its errors match [ErrNotKeyset] and never quote the keyset.
func newSnapshot(d *draft, file fs.FileInfo) (*snapshot, error) {
	s := &snapshot{draft: d, file: file, ids: make(map[uint32]struct{}, d.handle.Len())}
	for i := range d.handle.Len() {
		e, err := d.handle.Entry(i)
		if err != nil {
			return nil, errors.Join(ErrNotKeyset, err)
		}
		p, ok := e.Key().Parameters().(*xaesgcm.Parameters)
		if !ok || p.Variant() != xaesgcm.VariantTink || p.SaltSizeInBytes() != 12 || e.KeyStatus() != keyset.Enabled {
			return nil, fmt.Errorf("%w: key %d is not an enabled XAES-256-GCM key with Tink prefix and 192-bit nonce", ErrNotKeyset, e.KeyID())
		}
		s.ids[e.KeyID()] = struct{}{}
		if e.IsPrimary() {
			s.primary = keyName(e.KeyID())
		}
	}
	var err error
	if s.aead, err = aead.New(d.handle); err != nil {
		return nil, fmt.Errorf("%w: its keys cannot be used", ErrNotKeyset)
	}
	return s, nil
}

func (s *snapshot) has(id uint32) bool {
	_, ok := s.ids[id]
	return ok
}

// readFrom reports whether the file was last read in the state that info tells.
// A change replaces the file, so even one within the clock's grain is seen.
func (s *snapshot) readFrom(info fs.FileInfo) bool {
	return os.SameFile(s.file, info) && s.file.Size() == info.Size() && s.file.ModTime().Equal(info.ModTime())
}

func (s *snapshot) keys() []Key {
	keys := make([]Key, 0, len(s.ids))
	for _, info := range s.handle.KeysetInfo().GetKeyInfo() {
		id := info.GetKeyId()
		name := keyName(id)
		keys = append(keys, Key{ID: name, Primary: name == s.primary, CreatedAt: s.created[id]})
	}
	return keys
}
