package evergrant

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
)

// redacted is what every way of printing a [Secret] gives.
const redacted = "[redacted]"

// A Secret is a value that must never be printed: an access token, an app
// secret, a login code. Every formatting verb, JSON, text and slog print
// "[redacted]"; only [Secret.Reveal] gives the value. The zero Secret is empty.
//
// The value sits behind a pointer, so that even a verb that walks into an
// unexported field prints an address and not the value.
type Secret struct{ value *string }

// NewSecret wraps value. An empty value gives the zero Secret.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{&value}
}

// Reveal returns the value itself. Its callers are few on purpose: the provider
// that sends it, the store that seals it, and commands whose job is to show it.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// Empty reports whether there is no value.
func (s Secret) Empty() bool { return s.value == nil }

// Equal compares in constant time for values of one length.
func (s Secret) Equal(o Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(o.Reveal())) == 1
}

// Fingerprint names the value without revealing it: the first 128 bits of its
// SHA-256, in hex. It is safe to store and to log, because the values are long and
// random. The zero Secret has the empty fingerprint.
func (s Secret) Fingerprint() string {
	if s.value == nil {
		return ""
	}
	sum := sha256.Sum256([]byte(*s.value))
	return hex.EncodeToString(sum[:16])
}

// String prints "[redacted]", whatever the value.
func (s Secret) String() string { return redacted }

// GoString prints "[redacted]" for %#v.
func (s Secret) GoString() string { return redacted }

// Format prints "[redacted]" for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue prints "[redacted]" in structured logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText prints "[redacted]" in JSON and every other text encoding.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
