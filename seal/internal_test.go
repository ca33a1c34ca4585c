package seal

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// A file that grew beyond what is read back would lock everybody out.
func TestTooManyKeys(t *testing.T) {
	d, err := newDraft(time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	m := keyset.NewManagerFromHandle(d.handle)
	for range 4000 {
		if _, err := m.Add(aead.XAES256GCM192BitNonceKeyTemplate()); err != nil {
			t.Fatal(err)
		}
	}
	if d.handle, err = m.Handle(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "keyset.json")
	_, err = createKeyset(t.Context(), path, d, nil)
	if !errors.Is(err, ErrTooManyKeys) {
		t.Errorf("got %v; want ErrTooManyKeys", err)
	}
	if _, err := readKeyset(t.Context(), path, nil); !errors.Is(err, ErrNoKeyset) {
		t.Errorf("got %v; want no file written", err)
	}
}

func TestReplaceFails(t *testing.T) {
	d, err := newDraft(time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, tt := range []struct{ name, path, want string }{
		{"a folder in its place", dir, "cannot be written: file exists"},
		{"no folder", filepath.Join(dir, "gone", "keyset.json"), "cannot be written: no such file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := replaceKeyset(t.Context(), tt.path, d, nil, nil)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v; want %q", err, tt.want)
			}
			left, err := filepath.Glob(filepath.Join(filepath.Dir(tt.path), ".*.tmp-*"))
			if err != nil || len(left) > 0 {
				t.Errorf("left over: %v, %v", left, err)
			}
		})
	}
}
