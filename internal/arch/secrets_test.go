package arch_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What a real secret looks like when it has been pasted somewhere.
var secretLooks = []struct {
	name string
	re   *regexp.Regexp
}{
	{"an Instagram token", regexp.MustCompile(`\bIG[A-Z]{2}[A-Za-z0-9_-]{40,}`)},
	{"a Facebook token", regexp.MustCompile(`\bEAA[A-Za-z0-9]{40,}`)},
	{"a Tink key", regexp.MustCompile(`"value"\s*:\s*"[A-Za-z0-9+/]{22,}={0,2}"`)},
	{"an encrypted Tink keyset", regexp.MustCompile(`"encryptedKeyset"\s*:\s*"[A-Za-z0-9+/]{40,}={0,2}"`)},
	{"a private key", regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----`)},
}

// A made-up value says so in itself, or, when it cannot (a key is Base64), in its line.
var madeUp = []string{"fake", "canary", "example"}

func TestNoSecretLiesInTheTree(t *testing.T) {
	err := walk(func(name string) error {
		if name == "evergrant" { // what `make build` leaves
			return nil
		}
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		for number, line := range bytes.Split(text, []byte("\n")) {
			if kind := secretIn(string(line)); kind != "" {
				t.Errorf("%s:%d holds what looks like %s; say fake, canary or example in a made-up one", name, number+1, kind)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// secretIn names the kind of secret that a line seems to hold, "" for none.
func secretIn(line string) string {
	lower := strings.ToLower(line)
	for _, word := range madeUp {
		if strings.Contains(lower, word) {
			return ""
		}
	}
	for _, look := range secretLooks {
		for _, found := range look.re.FindAllString(line, -1) {
			if !filledUp(found) {
				return look.name
			}
		}
	}
	return ""
}

// filledUp reports whether a value is made long by one repeated character, as no real
// one is.
func filledUp(value string) bool {
	const most = 12
	run := 1
	for i := 1; i < len(value); i++ {
		if value[i] != value[i-1] {
			run = 0
		}
		if run++; run > most {
			return true
		}
	}
	return false
}

func TestSecretScanCanFind(t *testing.T) {
	letters := strings.Repeat("Ab1_", 12)
	for _, tt := range []struct {
		name, line, want string
	}{
		{"token", "access_token," + "IGAA" + letters, "an Instagram token"},
		{"short prefix only", "IGAA...", ""},
		{"made up", "IGAA" + "Fake" + letters, ""},
		{"filled up", "IGAA" + strings.Repeat("A", 60), ""},
		{"facebook", "EAA" + strings.Repeat("x1", 30), "a Facebook token"},
		{"key", `"value": "` + strings.Repeat("QUJD", 12) + `=="`, "a Tink key"},
		{"a short value", `"value": "on"`, ""},
		{"private key", "-----BEGIN " + "EC PRIVATE KEY-----", "a private key"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := secretIn(tt.line); got != tt.want {
				t.Errorf("secretIn = %q; want %q", got, tt.want)
			}
		})
	}
}
