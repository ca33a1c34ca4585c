package seal_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"testing"

	"github.com/evergrant/evergrant/seal"
)

// A long-lived token has about this many bytes.
const tokenBytes = 200

// yardstick is AES-256-GCM of the standard library with its own random nonces: one
// key schedule for all values, no key id, no file to watch.
func yardstick(b *testing.B) cipher.AEAD {
	b.Helper()
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		b.Fatal(err)
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		b.Fatal(err)
	}
	return gcm
}

func BenchmarkSeal(b *testing.B) {
	token := bytes.Repeat([]byte("t"), tokenBytes)
	b.Run("keyring", func(b *testing.B) {
		k := mustCreate(b, keysetPath(b), seal.Options{})
		b.ReportAllocs()
		b.SetBytes(tokenBytes)
		for b.Loop() {
			if _, _, err := k.Seal(token, ad); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("yardstick=aes-gcm", func(b *testing.B) {
		gcm := yardstick(b)
		b.ReportAllocs()
		b.SetBytes(tokenBytes)
		for b.Loop() {
			gcm.Seal(nil, nil, token, ad)
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	token := bytes.Repeat([]byte("t"), tokenBytes)
	b.Run("keyring", func(b *testing.B) {
		k := mustCreate(b, keysetPath(b), seal.Options{})
		sealed := mustSeal(b, k, string(token))
		b.ReportAllocs()
		b.SetBytes(tokenBytes)
		for b.Loop() {
			if _, err := k.Open(sealed, ad); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("yardstick=aes-gcm", func(b *testing.B) {
		gcm := yardstick(b)
		sealed := gcm.Seal(nil, nil, token, ad)
		b.ReportAllocs()
		b.SetBytes(tokenBytes)
		for b.Loop() {
			if _, err := gcm.Open(nil, nil, sealed, ad); err != nil {
				b.Fatal(err)
			}
		}
	})
}
