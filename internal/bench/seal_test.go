package bench_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/evergrant/evergrant/seal"
)

// BenchmarkSeal measures the sealing and opening of one token, bound to its row. Its
// yardstick is AES-256-GCM of the standard library with the same sizes and a random
// nonce.
func BenchmarkSeal(b *testing.B) {
	keyring, err := seal.Create(b.Context(), filepath.Join(b.TempDir(), "keyset.json"), seal.Options{})
	if err != nil {
		b.Fatal(err)
	}
	plain := newGCM(b)
	token, ad := bytes.Repeat([]byte("t"), tokenBytes), seal.Bind(1, "channels.token")
	sealed, _, err := keyring.Seal(token, ad)
	if err != nil {
		b.Fatal(err)
	}
	boxed := plain.Seal(nil, nil, token, ad)

	const batch = 2000
	each := func(fn func() error) float64 { // microseconds
		spent := timed(func() {
			for range batch {
				if err := fn(); err != nil {
					b.Fatal(err)
				}
			}
		})
		return float64(spent) / float64(time.Microsecond) / batch
	}
	var seals, opens, plainSeals, plainOpens samples
	turns(b, 10, func() {
		seals = append(seals, each(func() error { _, _, err := keyring.Seal(token, ad); return err }))
		plainSeals = append(plainSeals, each(func() error { plain.Seal(nil, nil, token, ad); return nil }))
		opens = append(opens, each(func() error { _, err := keyring.Open(sealed, ad); return err }))
		plainOpens = append(plainOpens, each(func() error { _, err := plain.Open(nil, nil, boxed, ad); return err }))
	})
	report := func(what string, ours, theirs samples) {
		b.ReportMetric(1e6/ours.median(), what+"/s")
		b.ReportMetric(ours.ratio(theirs), "x/gcm-"+what)
		note(line{
			what: what + " a token of 180 bytes", number: fmt.Sprintf("%.0f/s, %.2f µs", 1e6/ours.median(), ours.median()),
			yardstick: fmt.Sprintf("AES-256-GCM: %.0f/s, %.2f µs", 1e6/theirs.median(), theirs.median()), ratio: ours.ratio(theirs),
		})
	}
	report("seal", seals, plainSeals)
	report("open", opens, plainOpens)
}

// newGCM is AES-256-GCM with a key and nonces of chance.
func newGCM(tb testing.TB) cipher.AEAD {
	tb.Helper()
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails, see its documentation
	block, err := aes.NewCipher(key)
	if err != nil {
		tb.Fatal(err)
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		tb.Fatal(err)
	}
	return gcm
}
