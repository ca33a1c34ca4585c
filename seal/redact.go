package seal

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

// String tells the keyset's file and primary key, never a key's material.
func (k *Keyring) String() string {
	if k == nil {
		return "no keyring"
	}
	s := k.cur.Load()
	if s == nil {
		return "empty keyring"
	}
	return fmt.Sprintf("keyring %s: %d keys, primary %s [redacted]", k.path, len(s.ids), s.primary)
}

// GoString prints what String prints, for %#v.
func (k *Keyring) GoString() string { return k.String() }

// Format prints what String prints, for every verb.
func (k *Keyring) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// LogValue prints what String prints, in structured logs.
func (k *Keyring) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalJSON gives what String prints, as a JSON string.
func (k *Keyring) MarshalJSON() ([]byte, error) { return json.Marshal(k.String()) }
