package seal_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/evergrant/evergrant/seal"
)

func TestSealOpen(t *testing.T) {
	k := mustCreate(t, keysetPath(t), seal.Options{})
	for _, plaintext := range []string{"", "x", "IGAAtoken", strings.Repeat("long", 10_000)} {
		t.Run(fmt.Sprintf("%d bytes", len(plaintext)), func(t *testing.T) {
			sealed := mustSeal(t, k, plaintext)
			if got, want := len(sealed), len(plaintext)+45; got != want {
				t.Errorf("got %d sealed bytes; want %d", got, want)
			}
			if plaintext != "" && len(plaintext) > 3 && bytes.Contains(sealed, []byte(plaintext)) {
				t.Error("the sealed value holds the plaintext")
			}
			wantOpen(t, k, sealed, plaintext)
		})
	}
}

func TestSealNeverRepeats(t *testing.T) {
	k := mustCreate(t, keysetPath(t), seal.Options{})
	if a, b := mustSeal(t, k, "same"), mustSeal(t, k, "same"); bytes.Equal(a, b) {
		t.Error("two seals of one plaintext are equal; want fresh randomness")
	}
}

func TestOpenElsewhere(t *testing.T) {
	k := mustCreate(t, keysetPath(t), seal.Options{})
	sealed := mustSeal(t, k, "token")
	for _, tt := range []struct {
		name string
		ad   []byte
	}{
		{"other row", seal.Bind(8, "channels.token")},
		{"other column", seal.Bind(7, "channels.previous_token")},
		{"nothing", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := k.Open(sealed, tt.ad)
			wantErr(t, err, seal.ErrTampered)
			if got != nil {
				t.Errorf("got %q with the error; want nothing", got)
			}
		})
	}
}

func TestOpenTampered(t *testing.T) {
	k := mustCreate(t, keysetPath(t), seal.Options{})
	sealed := mustSeal(t, k, "token")
	for i := range sealed {
		for bit := range 8 {
			bad := bytes.Clone(sealed)
			bad[i] ^= 1 << bit
			want := seal.ErrTampered
			switch {
			case i == 0:
				want = seal.ErrNotSealed
			case i < 5:
				want = seal.ErrUnknownKey
			}
			_, err := k.Open(bad, ad)
			wantErr(t, err, want)
		}
	}
}

func TestOpenTruncated(t *testing.T) {
	k := mustCreate(t, keysetPath(t), seal.Options{})
	sealed := mustSeal(t, k, "token")
	for n := range sealed {
		_, err := k.Open(sealed[:n], ad)
		want := seal.ErrTampered
		if n < 45 {
			want = seal.ErrNotSealed
		}
		wantErr(t, err, want)
		if n < 45 {
			_, err := seal.KeyIDOf(sealed[:n])
			wantErr(t, err, seal.ErrNotSealed)
		}
	}
	_, err := k.Open(append(sealed, 0), ad)
	wantErr(t, err, seal.ErrTampered)
}

func TestOpenForeign(t *testing.T) {
	k := mustCreate(t, keysetPath(t), seal.Options{})
	other := mustCreate(t, keysetPath(t), seal.Options{})
	_, err := k.Open(mustSeal(t, other, "token"), ad)
	wantErr(t, err, seal.ErrUnknownKey, other.Primary())

	// A key of the same id but other material: the id alone proves nothing.
	forged := mustSeal(t, other, "token")
	copy(forged[:5], mustSeal(t, k, "x")[:5])
	_, err = k.Open(forged, ad)
	wantErr(t, err, seal.ErrTampered)

	_, err = k.Open(bytes.Repeat([]byte{0xff}, 60), ad)
	wantErr(t, err, seal.ErrNotSealed)
}

func TestConcurrentUse(t *testing.T) {
	k := mustCreate(t, keysetPath(t), seal.Options{})
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 50 {
				want := fmt.Sprintf("token %d %d", g, i)
				sealed, _, err := k.Seal([]byte(want), ad)
				if err != nil {
					t.Error(err)
					return
				}
				wantOpen(t, k, sealed, want)
			}
		})
	}
	for range 5 {
		mustRotate(t, k)
	}
	wg.Wait()
}

func TestBind(t *testing.T) {
	seen := map[string]string{}
	for _, id := range []int64{0, 1, 256, -1, 1 << 40} {
		for _, column := range []string{"", "t", "token", "\x00token", "1token"} {
			name := fmt.Sprintf("%d %q", id, column)
			key := string(seal.Bind(id, column))
			if other, dup := seen[key]; dup {
				t.Errorf("Bind of %s equals Bind of %s", name, other)
			}
			seen[key] = name
		}
	}
	// Stored values depend on these bytes.
	if got, want := string(seal.Bind(258, "t")), "evergrant/1\x00\x00\x00\x00\x00\x00\x00\x01\x02t"; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
}
