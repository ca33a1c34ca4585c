package seal

import (
	"encoding/binary"
	"fmt"
	"strconv"
)

const (
	prefixVersion = 0x01 // Tink's output prefix type TINK
	prefixBytes   = 5    // version and key id
	minBytes      = prefixBytes + 12 + 12 + 16
)

// Seal encrypts plaintext with the primary key and binds it to ad, see [Bind]. It
// returns the sealed value and the id of the key, which a store keeps beside the
// value. plaintext may be empty, and is not kept. The result is 45 bytes longer
// than plaintext.
//
// Seal looks at the keyset file's metadata first. When the file has changed, it is
// read again, which may take as long as the KMS; when it cannot be read, Seal uses
// the keys in memory, since to lose a fresh secret would be worse.
func (k *Keyring) Seal(plaintext, ad []byte) (sealed []byte, keyID string, err error) {
	s := k.fresh()
	sealed, err = s.aead.Encrypt(plaintext, ad)
	if err != nil {
		return nil, "", fmt.Errorf("seal with key %s: %w", s.primary, err)
	}
	return sealed, s.primary, nil
}

// Open decrypts what [Keyring.Seal] made with the same ad. When the value names a
// key that is not in memory, and the keyset file has changed, the file is read
// again first. Errors match one of:
//
//   - [ErrNotSealed]: too short, or no sealed value at all.
//   - [ErrUnknownKey]: the keyset has no such key. If the file cannot be read again,
//     the reason goes to Options.Logger.
//   - [ErrTampered]: altered, or sealed for another row or column.
func (k *Keyring) Open(sealed, ad []byte) ([]byte, error) {
	id, err := prefixID(sealed)
	if err != nil {
		return nil, err
	}
	s := k.cur.Load()
	if !s.has(id) {
		s = k.fresh()
	}
	if !s.has(id) {
		return nil, fmt.Errorf("open with key %d: %w; restore the keyset file that has this key", id, ErrUnknownKey)
	}
	plaintext, err := s.aead.Decrypt(sealed, ad)
	if err != nil { // Tink says no more than that it failed
		return nil, fmt.Errorf("open with key %d: %w", id, ErrTampered)
	}
	return plaintext, nil
}

// KeyIDOf returns the id of the key that sealed the value, without opening it. Its
// only error is [ErrNotSealed].
func KeyIDOf(sealed []byte) (string, error) {
	id, err := prefixID(sealed)
	if err != nil {
		return "", err
	}
	return keyName(id), nil
}

func prefixID(sealed []byte) (uint32, error) {
	if len(sealed) < minBytes {
		return 0, fmt.Errorf("%w: %d bytes, the shortest has %d", ErrNotSealed, len(sealed), minBytes)
	}
	if sealed[0] != prefixVersion {
		return 0, fmt.Errorf("%w: unknown version", ErrNotSealed)
	}
	return binary.BigEndian.Uint32(sealed[1:prefixBytes]), nil
}

func keyName(id uint32) string { return strconv.FormatUint(uint64(id), 10) }
