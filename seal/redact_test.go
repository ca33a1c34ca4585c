package seal_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"github.com/evergrant/evergrant/seal"
)

// material returns every spelling of the secret part of the keyset in a clear file.
func material(t *testing.T, path string) []string {
	t.Helper()
	var all []string
	for _, m := range regexp.MustCompile(`"value":\s*"([^"]+)"`).FindAllSubmatch(readFile(t, path), -1) {
		raw, err := base64.StdEncoding.DecodeString(string(m[1]))
		if err != nil || len(raw) < 32 {
			t.Fatalf("got %d bytes of key material, %v; want at least 32", len(raw), err)
		}
		key := raw[len(raw)-32:]
		all = append(all, string(m[1]), string(key), hex.EncodeToString(key), fmt.Sprint(key),
			base64.StdEncoding.EncodeToString(key), strings.Trim(fmt.Sprintf("%#v", key), "[]byte{}"))
	}
	if len(all) == 0 {
		t.Fatal("found no key material in the file")
	}
	return all
}

func wantNoMaterial(t *testing.T, what, text string, canaries []string) {
	t.Helper()
	for _, c := range canaries {
		if strings.Contains(text, c) {
			t.Errorf("%s shows key material", what)
		}
	}
}

func TestKeyringPrintsNoKeys(t *testing.T) {
	path := keysetPath(t)
	k := mustCreate(t, path, seal.Options{})
	id := mustRotate(t, k)
	canaries := material(t, path)
	const want = "2 keys, primary "
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		text := fmt.Sprintf(verb, k)
		wantNoMaterial(t, verb, text, canaries)
		if !strings.Contains(text, want+id) || !strings.Contains(text, "[redacted]") {
			t.Errorf("%s: got %q; want it to say %q", verb, text, want+id)
		}
		wantNoMaterial(t, verb+" in a struct", fmt.Sprintf(verb, struct{ k *seal.Keyring }{k}), canaries)
	}
	if got := k.GoString(); got != k.String() {
		t.Errorf("GoString: got %q; want %q", got, k.String())
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "keyring", k)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "keyring", k)
	wantNoMaterial(t, "log", log.String(), canaries)
	if got := strings.Count(log.String(), want); got != 2 {
		t.Errorf("got %d log lines that say %q; want 2", got, want)
	}
	out, err := json.Marshal(map[string]any{"k": k, "keys": k.Keys()})
	if err != nil {
		t.Fatal(err)
	}
	wantNoMaterial(t, "JSON", string(out), canaries)
}

func TestNoKeyringPrints(t *testing.T) {
	var k *seal.Keyring
	if got, want := fmt.Sprint(k), "no keyring"; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
	if got, want := new(seal.Keyring).String(), "empty keyring"; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
}

// Errors about a damaged file must not quote it, wherever the damage is.
func TestErrorsShowNoKeys(t *testing.T) {
	path := keysetPath(t)
	mustCreate(t, path, seal.Options{})
	canaries := material(t, path)
	data := readFile(t, path)
	spoiled := keysetPath(t)
	refused := 0
	for i := range data {
		for _, c := range []byte{'"', 'x', '!'} {
			bad := bytes.Clone(data)
			bad[i] = c
			writeFile(t, spoiled, bad)
			if _, err := seal.Load(t.Context(), spoiled, seal.Options{}); err != nil {
				refused++
				wantErr(t, err, seal.ErrNotKeyset)
				wantNoMaterial(t, "error", err.Error(), canaries)
				for _, part := range canaries {
					if len(part) > 20 && strings.Contains(err.Error(), part[:12]) {
						t.Errorf("error shows a part of a key: byte %d", i)
					}
				}
			}
		}
	}
	if refused < len(data) {
		t.Errorf("only %d spoiled files were refused", refused)
	}
}
