package seal

import (
	"errors"
	"io/fs"
	"os"
)

// States of the world that callers ask for with [errors.Is]. The errors that wrap
// them name the file or the key, and the remedy. None holds key material.
var (
	// ErrNoKeyset: there is no keyset file.
	ErrNoKeyset = errors.New("no keyset")
	// ErrKeysetExists: there is a file where a new keyset was to be created.
	ErrKeysetExists = errors.New("keyset exists already")
	// ErrNotKeyset: the file is something else, is damaged, or is of a newer version.
	ErrNotKeyset = errors.New("not a usable keyset")
	// ErrExposed: others than its owner may read or change the keyset file.
	ErrExposed = errors.New("keyset is exposed")
	// ErrWrapped: the keyset is wrapped by a KMS, and no KMS is configured.
	ErrWrapped = errors.New("keyset is wrapped by a KMS")
	// ErrNotWrapped: the keyset is in clear, although a KMS is configured.
	ErrNotWrapped = errors.New("keyset is not wrapped")
	// ErrKMS: the KMS is misnamed, out of reach, refuses, or holds another key.
	ErrKMS = errors.New("the KMS gives no key")
	// ErrForeign: the file now holds another keyset than the one that was loaded.
	ErrForeign = errors.New("keyset was replaced by another one")
	// ErrLocked: another process is changing the keyset.
	ErrLocked = errors.New("keyset is locked")
	// ErrPrimary: the key seals new values, so it cannot be retired.
	ErrPrimary = errors.New("key is the primary key")
	// ErrTooManyKeys: one more key would make the keyset file larger than is read.
	ErrTooManyKeys = errors.New("keyset has too many keys")
	// ErrUnknownKey: the keyset has no key with this id.
	ErrUnknownKey = errors.New("key is not in the keyset")
	// ErrNotSealed: the value was not made by [Keyring.Seal], or was cut short.
	ErrNotSealed = errors.New("not a sealed value")
	// ErrTampered: the value was altered, or belongs to another row or column. The
	// two cannot be told apart.
	ErrTampered = errors.New("sealed value was altered or belongs elsewhere")
)

// reason drops from err what our own message says already: the call and the path.
func reason(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}
