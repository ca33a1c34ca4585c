package seal_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"

	"github.com/evergrant/evergrant/seal"
)

func TestLoadRefuses(t *testing.T) {
	good := keysetPath(t)
	mustCreate(t, good, seal.Options{})
	data := readFile(t, good)
	edit := func(old, replacement string) []byte {
		out := bytes.Replace(data, []byte(old), []byte(replacement), 1)
		if bytes.Equal(out, data) {
			t.Fatalf("the keyset file has no %q", old)
		}
		return out
	}
	for _, tt := range []struct {
		name    string
		data    []byte
		mention string
	}{
		{"empty", nil, "byte 0"},
		{"text", []byte("hello"), "JSON goes wrong"},
		{"binary", []byte{0, 1, 2, 0xff}, "JSON goes wrong"},
		{"cut short", data[:len(data)/2], "JSON goes wrong"},
		{"two documents", append(bytes.Clone(data), data...), "more follows"},
		{"other JSON", []byte(`{"primaryKeyId":1,"key":[]}`), "JSON goes wrong"},
		{"no format", []byte(`{}`), "evergrant-keyset/1"},
		{"newer", edit("evergrant-keyset/1", "evergrant-keyset/2"), "update this program"},
		{"no keys", []byte(`{"format":"evergrant-keyset/1"}`), "either in clear or wrapped"},
		{"null keys", []byte(`{"format":"evergrant-keyset/1","clear":null}`), "no id"},
		{"body is no object", []byte(`{"format":"evergrant-keyset/1","clear":[1]}`), "JSON goes wrong"},
		{"both forms", edit(`"clear"`, `"wrapped":"AAAA","clear"`), "either in clear or wrapped"},
		{"bad primary", edit(`"primaryKeyId": `, `"primaryKeyId": 1`), "damaged"},
		{"bad key type", edit("XAesGcmKey", "NoSuchKey"), "not a usable keyset"},
		{"bad record", edit(`"keys": [`, `"keys": [{"id":"x","created_at":"2026-01-01T00:00:00Z"},`), "no number"},
		{"huge", bytes.Repeat([]byte(" "), 1<<20+1), "larger than"},
		{"other algorithm", foreignKeyset(t, aead.AES256GCMKeyTemplate()), "XAES-256-GCM"},
		{"no prefix", foreignKeyset(t, aead.XAES256GCM192BitNonceNoPrefixKeyTemplate()), "XAES-256-GCM"},
		{"shorter nonce", foreignKeyset(t, aead.XAES256GCM160BitNonceKeyTemplate()), "XAES-256-GCM"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := keysetPath(t)
			writeFile(t, path, tt.data)
			_, err := seal.Load(t.Context(), path, seal.Options{})
			wantErr(t, err, seal.ErrNotKeyset, path, tt.mention)
		})
	}
}

// foreignKeyset is a well-formed file around keys that are not ours.
func foreignKeyset(t *testing.T, template *tink_go_proto.KeyTemplate) []byte {
	t.Helper()
	h, err := keyset.NewHandle(template)
	if err != nil {
		t.Fatal(err)
	}
	var ks bytes.Buffer
	if err := insecurecleartextkeyset.Write(h, keyset.NewJSONWriter(&ks)); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(map[string]any{
		"format": "evergrant-keyset/1",
		"clear":  map[string]any{"id": "a", "keys": []any{}, "keyset": json.RawMessage(ks.Bytes())},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestLoadMissing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "no", "such", "keyset.json")
	_, err := seal.Load(t.Context(), path, seal.Options{})
	wantErr(t, err, seal.ErrNoKeyset, path, "EVERGRANT_KEYSET_FILE")
	if _, err := os.Stat(filepath.Dir(path)); err == nil {
		t.Error("Load made a folder; want nothing changed")
	}
}

func TestLoadNotAFile(t *testing.T) {
	_, err := seal.Load(t.Context(), t.TempDir(), seal.Options{})
	wantErr(t, err, seal.ErrNotKeyset, "not a regular file")

	file := keysetPath(t)
	writeFile(t, file, nil)
	_, err = seal.Load(t.Context(), filepath.Join(file, "keyset.json"), seal.Options{})
	if err == nil {
		t.Fatal("got no error for a path below a file")
	}
	wantErr(t, err, err, "cannot be read: not a directory")
}

func TestLoadUnreadable(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root reads every file")
	}
	path := keysetPath(t)
	mustCreate(t, path, seal.Options{})
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	_, err := seal.Load(t.Context(), path, seal.Options{})
	wantErr(t, err, os.ErrPermission, path, "run as its owner")
}

func TestLoadMode(t *testing.T) {
	path := keysetPath(t)
	mustCreate(t, path, seal.Options{})
	for _, tt := range []struct {
		mode    os.FileMode
		exposed bool
	}{
		{0o600, false},
		{0o400, false},
		{0o700, false},
		{0o440, false},
		{0o640, true},
		{0o660, true},
		{0o644, true},
		{0o604, true},
		{0o444, true},
		{0o602, true},
		{0o666, true},
		{0o460, true},
	} {
		t.Run(tt.mode.String(), func(t *testing.T) {
			if err := os.Chmod(path, tt.mode); err != nil {
				t.Fatal(err)
			}
			_, err := seal.Load(t.Context(), path, seal.Options{})
			if tt.exposed {
				wantErr(t, err, seal.ErrExposed, path, "chmod 600")
			} else if err != nil {
				t.Errorf("got %v; want it accepted", err)
			}
		})
	}
}

func TestKeysWithoutRecord(t *testing.T) {
	path := keysetPath(t)
	k := mustCreate(t, path, seal.Options{})
	var e map[string]any
	if err := json.Unmarshal(readFile(t, path), &e); err != nil {
		t.Fatal(err)
	}
	e["clear"].(map[string]any)["keys"] = []any{}
	data, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, path, data)
	got := mustLoad(t, path, seal.Options{}).Keys()
	if len(got) != 1 || got[0] != (seal.Key{ID: k.Primary(), Primary: true}) {
		t.Errorf("got %+v; want the one key, without a time", got)
	}
}
