package seal

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead"
	"gocloud.dev/secrets"
	"gocloud.dev/secrets/localsecrets"
)

// wrapContext is the associated data of a wrapped keyset. It must not change.
const wrapContext = formatName

// OpenKMS opens the KMS that rawURL names, for [Options]. It is
// [secrets.OpenKeeper] with errors that can be logged: that one's quote the URL,
// which may be a key itself (base64key://). The schemes are those whose drivers the
// program imports. The caller closes the result. Every error matches [ErrKMS].
func OpenKMS(ctx context.Context, rawURL string) (*secrets.Keeper, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Scheme == "" {
		return nil, fmt.Errorf("EVERGRANT_KMS_URL is not a URL: %w", ErrKMS)
	}
	if mux := secrets.DefaultURLMux(); !mux.ValidKeeperScheme(u.Scheme) {
		return nil, fmt.Errorf("EVERGRANT_KMS_URL has an unknown scheme: %w; known are: %s", ErrKMS, strings.Join(mux.KeeperSchemes(), ", "))
	}
	if u.Scheme == localsecrets.Scheme {
		if err := checkLocal(u); err != nil {
			return nil, fmt.Errorf("EVERGRANT_KMS_URL (%s): %w: %w", u.Scheme, ErrKMS, err)
		}
	}
	kms, err := secrets.OpenKeeper(ctx, rawURL)
	if err != nil {
		return nil, fmt.Errorf("EVERGRANT_KMS_URL (%s): %w: %s", u.Scheme, ErrKMS, unlessQuoted(err.Error(), u)) // not wrapped: the chain quotes it too
	}
	return kms, nil
}

// checkLocal wants a key in a URL whose host is the key. Without one the driver makes a
// random key, and what that wraps nobody can unwrap any more. No error holds the key.
func checkLocal(u *url.URL) error {
	switch {
	case u.User != nil:
		return errors.New("it holds a user; the key alone belongs behind base64key://")
	case u.Host == "":
		return errors.New("it holds no key: put 32 random bytes behind base64key://, in URL-safe base64")
	case u.Path != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return errors.New("something follows the key: write 32 random bytes in URL-safe base64 (with - and _ for + and /)")
	}
	if _, err := localsecrets.Base64Key(u.Host); err != nil {
		return errors.New("its key is not 32 bytes in URL-safe base64, padding included")
	}
	return nil
}

// unlessQuoted returns text, unless it quotes a piece of u that may be secret: any
// but the scheme, plain or escaped. Pieces of three letters and fewer are words.
func unlessQuoted(text string, u *url.URL) string {
	_, rest, _ := strings.Cut(u.String(), ":")
	plain, err := url.QueryUnescape(rest)
	if err != nil {
		plain = ""
	}
	for _, piece := range strings.FieldsFunc(rest+"/"+plain, func(r rune) bool { return strings.ContainsRune("/?&=@:;#", r) }) {
		if len(piece) > 3 && strings.Contains(text, piece) {
			return "its driver refuses it (the reason is left out, since it quotes the URL)"
		}
	}
	return text
}

// withoutURL drops what a driver's error says of the URL that it called.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// wrap encrypts the body with a fresh data key, which the KMS wraps. Keysets grow
// with each rotation, while some services take only a few hundred bytes.
func wrap(ctx context.Context, kms *secrets.Keeper, data []byte) ([]byte, error) {
	env, err := aead.NewKMSEnvelopeAEADWithContext(aead.AES256GCMKeyTemplate(), dataKeys{kms})
	if err != nil {
		return nil, fmt.Errorf("wrap: %w", err)
	}
	out, err := env.EncryptWithContext(ctx, data, []byte(wrapContext))
	if err != nil {
		return nil, fmt.Errorf("cannot be wrapped: %w; check EVERGRANT_KMS_URL and the right to use its key", err)
	}
	return out, nil
}

// unwrap undoes wrap.
func unwrap(ctx context.Context, kms *secrets.Keeper, data []byte) ([]byte, error) {
	env, err := aead.NewKMSEnvelopeAEADWithContext(aead.AES256GCMKeyTemplate(), dataKeys{kms})
	if err != nil {
		return nil, fmt.Errorf("unwrap: %w", err)
	}
	out, err := env.DecryptWithContext(ctx, data, []byte(wrapContext))
	switch {
	case errors.Is(err, ErrKMS):
		return nil, fmt.Errorf("cannot be unwrapped: %w; check EVERGRANT_KMS_URL and the right to use its key", err)
	case err != nil:
		return nil, fmt.Errorf("%w: its wrapped part is damaged; restore it from a backup", ErrNotKeyset)
	}
	return out, nil
}

// dataKeys lets Tink wrap data keys with a [secrets.Keeper]. Tink passes empty
// associated data, which a Keeper could not take.
type dataKeys struct{ kms *secrets.Keeper }

func (d dataKeys) EncryptWithContext(ctx context.Context, plaintext, _ []byte) ([]byte, error) {
	out, err := d.kms.Encrypt(ctx, plaintext)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKMS, withoutURL(err))
	}
	return out, nil
}

func (d dataKeys) DecryptWithContext(ctx context.Context, ciphertext, _ []byte) ([]byte, error) {
	out, err := d.kms.Decrypt(ctx, ciphertext)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKMS, withoutURL(err))
	}
	return out, nil
}
