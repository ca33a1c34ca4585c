package seal_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evergrant/evergrant/seal"
)

func FuzzOpen(f *testing.F) {
	k := mustCreate(f, keysetPath(f), seal.Options{})
	sealed, _, err := k.Seal([]byte("token"), ad)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed, ad, false)
	f.Add(sealed, []byte(nil), true)
	f.Add(sealed[:44], ad, true)
	f.Add(sealed[:45], ad, true)
	f.Add([]byte{}, []byte{}, false)
	f.Add([]byte{1, 2, 3, 4, 5}, ad, true)
	f.Add(unknownKey(k), ad, false)
	f.Fuzz(func(t *testing.T, blob, bound []byte, ours bool) {
		// Each fuzzing process has a keyset of its own, so the seeds, made by
		// another process, reach the cipher only under our key's id.
		if ours && len(blob) >= 5 {
			blob = append(bytes.Clone(sealed[:5]), blob[5:]...)
		}
		before := bytes.Clone(blob)
		got, err := k.Open(blob, bound)
		genuine := bytes.Equal(blob, sealed) && bytes.Equal(bound, ad)
		switch {
		case genuine && (err != nil || string(got) != "token"):
			t.Errorf("got %q, %v for the genuine value", got, err)
		case !genuine && err == nil:
			t.Errorf("opened a forgery to %q", got)
		case !genuine && !isOne(err, seal.ErrNotSealed, seal.ErrUnknownKey, seal.ErrTampered):
			t.Errorf("got %v; want exactly one of the three classes", err)
		}
		if _, idErr := seal.KeyIDOf(blob); errors.Is(err, seal.ErrNotSealed) != (idErr != nil) {
			t.Errorf("KeyIDOf says %v, Open says %v", idErr, err)
		}
		if !bytes.Equal(blob, before) {
			t.Error("Open changed its input")
		}
	})
}

func FuzzLoad(f *testing.F) {
	clearPath, wrappedPath := keysetPath(f), keysetPath(f)
	kms := (&fakeKMS{}).open(f)
	mustRotate(f, mustCreate(f, clearPath, seal.Options{}))
	mustCreate(f, wrappedPath, seal.Options{KMS: kms})
	for _, path := range []string{clearPath, wrappedPath} {
		data := readFile(f, path)
		f.Add(data)
		f.Add(data[:len(data)/2])
		f.Add(bytes.ToUpper(data))
	}
	f.Add([]byte(nil))
	f.Add([]byte(`{"format":"evergrant-keyset/1","clear":{"id":"a","keys":null,"keyset":{"primaryKeyId":1,"key":[{}]}}}`))
	f.Add([]byte(`{"format":"evergrant-keyset/9"}`))
	f.Add([]byte(`{"format":"evergrant-keyset/1","wrapped":"AAAAAQ=="}`))
	f.Add([]byte(`[[[[[[[[`))
	path := filepath.Join(f.TempDir(), "fuzzed.json")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, opts := range []seal.Options{{}, {KMS: kms}} {
			k, err := seal.Load(t.Context(), path, opts)
			if err != nil {
				if !isOne(err, seal.ErrNotKeyset, seal.ErrWrapped, seal.ErrNotWrapped, seal.ErrKMS) {
					t.Errorf("got %v; want exactly one of the four classes", err)
				}
				if strings.ContainsAny(err.Error(), "\n\x00") {
					t.Errorf("got %q; want one line", err)
				}
				continue
			}
			wantOpen(t, k, mustSeal(t, k, "token"), "token")
			if len(k.Keys()) == 0 || k.Primary() == "" || k.ID() == "" {
				t.Errorf("loaded a keyset without keys: %v", k)
			}
		}
	})
}

func isOne(err error, classes ...error) bool {
	n := 0
	for _, c := range classes {
		if errors.Is(err, c) {
			n++
		}
	}
	return n == 1
}
