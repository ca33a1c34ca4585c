package seal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"gocloud.dev/secrets"
)

const (
	formatFamily = "evergrant-keyset/"
	formatName   = formatFamily + "1"
)

type envelope struct {
	Format  string          `json:"format"`
	Clear   json.RawMessage `json:"clear,omitempty"`
	Wrapped []byte          `json:"wrapped,omitempty"`
}

type body struct {
	ID     string          `json:"id"`
	Keys   []keyRecord     `json:"keys"`
	Keyset json.RawMessage `json:"keyset"`
}

type keyRecord struct {
	ID        string    `json:"id"`
	CreatedAt time.Time `json:"created_at"`
}

// encode gives the file's content, wrapped when there is a KMS.
func encode(ctx context.Context, d *draft, kms *secrets.Keeper) ([]byte, error) {
	var ks bytes.Buffer
	if err := insecurecleartextkeyset.Write(d.handle, keyset.NewJSONWriter(&ks)); err != nil {
		return nil, fmt.Errorf("write keys: %w", err)
	}
	b := body{ID: d.id, Keyset: ks.Bytes()}
	for _, info := range d.handle.KeysetInfo().GetKeyInfo() {
		if at, ok := d.created[info.GetKeyId()]; ok {
			b.Keys = append(b.Keys, keyRecord{ID: keyName(info.GetKeyId()), CreatedAt: at})
		}
	}
	clearBody, err := json.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("write keys: %w", err)
	}
	e := envelope{Format: formatName, Clear: clearBody}
	if kms != nil {
		e.Clear = nil
		if e.Wrapped, err = wrap(ctx, kms, clearBody); err != nil {
			return nil, err
		}
	}
	out, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write keys: %w", err)
	}
	if len(out) >= maxFileBytes {
		return nil, fmt.Errorf("%w: %d; retire some", ErrTooManyKeys, d.handle.Len())
	}
	return append(out, '\n'), nil
}

// decode reads a file's content. No error quotes any of it.
func decode(ctx context.Context, data []byte, kms *secrets.Keeper) (*draft, error) {
	var e envelope
	if err := strictJSON(data, &e); err != nil {
		return nil, err
	}
	switch {
	case e.Format != formatName && strings.HasPrefix(e.Format, formatFamily):
		return nil, fmt.Errorf("%w: its format is newer than %s; update this program", ErrNotKeyset, formatName)
	case e.Format != formatName:
		return nil, fmt.Errorf("%w: it does not say %q", ErrNotKeyset, formatName)
	case (e.Clear == nil) == (e.Wrapped == nil):
		return nil, fmt.Errorf("%w: it needs keys either in clear or wrapped", ErrNotKeyset)
	case e.Wrapped != nil && kms == nil:
		return nil, fmt.Errorf("%w, and none is configured; set EVERGRANT_KMS_URL", ErrWrapped)
	case e.Clear != nil && kms != nil:
		return nil, fmt.Errorf("%w although a KMS is configured; unset EVERGRANT_KMS_URL, or name the wrapped file in EVERGRANT_KEYSET_FILE", ErrNotWrapped)
	}
	clearBody := []byte(e.Clear)
	if e.Wrapped != nil {
		var err error
		if clearBody, err = unwrap(ctx, kms, e.Wrapped); err != nil {
			return nil, err
		}
	}
	return decodeBody(clearBody)
}

func decodeBody(data []byte) (*draft, error) {
	var b body
	if err := strictJSON(data, &b); err != nil {
		return nil, err
	}
	if b.ID == "" {
		return nil, fmt.Errorf("%w: it has no id", ErrNotKeyset)
	}
	// Tink's own error says no more, on purpose: a JSON error could quote a key.
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(b.Keyset)))
	if err != nil {
		return nil, fmt.Errorf("%w: its keys are damaged; restore it from a backup", ErrNotKeyset)
	}
	d := &draft{id: b.ID, created: make(map[uint32]time.Time, len(b.Keys)), handle: handle}
	for _, k := range b.Keys {
		id, err := strconv.ParseUint(k.ID, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("%w: a key's id is no number", ErrNotKeyset)
		}
		d.created[uint32(id)] = k.CreatedAt.UTC()
	}
	return d, nil
}

// strictJSON decodes exactly one value with known fields only, and tells where it
// went wrong but not what stood there.
func strictJSON(data []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	err := dec.Decode(v)
	if err == nil {
		if _, err = dec.Token(); errors.Is(err, io.EOF) {
			return nil
		}
		return fmt.Errorf("%w: more follows after its JSON, at byte %d", ErrNotKeyset, dec.InputOffset())
	}
	return fmt.Errorf("%w: its JSON goes wrong after byte %d", ErrNotKeyset, dec.InputOffset())
}
