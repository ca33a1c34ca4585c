package seal_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gocloud.dev/gcerrors"
	"gocloud.dev/secrets"
	"gocloud.dev/secrets/localsecrets"

	"github.com/evergrant/evergrant/seal"
)

// fakeKMS counts calls and can be down, or hang until the caller gives up.
type fakeKMS struct {
	decrypts   atomic.Int64
	down, hang atomic.Bool
	maxBytes   int // largest plaintext seen
}

func (f *fakeKMS) open(t testing.TB) *secrets.Keeper {
	k := secrets.NewKeeper(f)
	t.Cleanup(func() { _ = k.Close() })
	return k
}

func (f *fakeKMS) Encrypt(ctx context.Context, p []byte) ([]byte, error) {
	f.maxBytes = max(f.maxBytes, len(p))
	return flip(p), f.trouble(ctx)
}

func (f *fakeKMS) Decrypt(ctx context.Context, c []byte) ([]byte, error) {
	f.decrypts.Add(1)
	return flip(c), f.trouble(ctx)
}

func (f *fakeKMS) trouble(ctx context.Context) error {
	if f.hang.Load() {
		<-ctx.Done()
		return ctx.Err()
	}
	if f.down.Load() {
		return &url.Error{Op: "Post", URL: "https://kms.example/?key=canary", Err: errors.New("connection refused")}
	}
	return nil
}

func (f *fakeKMS) Close() error                       { return nil }
func (f *fakeKMS) ErrorAs(error, any) bool            { return false }
func (f *fakeKMS) ErrorCode(error) gcerrors.ErrorCode { return gcerrors.Unknown }
func flip(b []byte) (out []byte) {
	for _, c := range b {
		out = append(out, ^c)
	}
	return out
}

func TestKMS(t *testing.T) {
	path := keysetPath(t)
	key, err := localsecrets.NewRandomKey()
	if err != nil {
		t.Fatal(err)
	}
	kms, err := seal.OpenKMS(t.Context(), "base64key://"+base64.URLEncoding.EncodeToString(key[:]))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = kms.Close() }()
	opts := seal.Options{KMS: kms}
	k := mustCreate(t, path, opts)
	sealed := mustSeal(t, k, "token")
	mustRotate(t, k)
	again := mustLoad(t, path, opts)
	wantOpen(t, again, sealed, "token")
	if got := len(again.Keys()); got != 2 || again.Keys()[0].CreatedAt.IsZero() {
		t.Errorf("got keys %+v; want 2 with their times", again.Keys())
	}
	data := string(readFile(t, path))
	for _, leak := range []string{"keyData", "primaryKeyId", "XAesGcm", `"clear"`, k.ID()} {
		if strings.Contains(data, leak) {
			t.Errorf("the wrapped file shows %q", leak)
		}
	}
	if err := k.Retire(t.Context(), k.Keys()[0].ID); err != nil {
		t.Fatal(err)
	}
	_, err = mustLoad(t, path, opts).Open(sealed, ad)
	wantErr(t, err, seal.ErrUnknownKey)
}

// Some services take only a few hundred bytes.
func TestKMSIsGivenLittle(t *testing.T) {
	f := &fakeKMS{}
	k := mustCreate(t, keysetPath(t), seal.Options{KMS: f.open(t)})
	for range 20 {
		mustRotate(t, k)
	}
	if f.maxBytes > 64 {
		t.Errorf("the KMS was given %d bytes; want 64 at most", f.maxBytes)
	}
}

func TestKMSMismatch(t *testing.T) {
	clearPath, wrappedPath := keysetPath(t), keysetPath(t)
	kms := localKMS(t)
	mustCreate(t, clearPath, seal.Options{})
	mustCreate(t, wrappedPath, seal.Options{KMS: kms})
	damaged := keysetPath(t)
	writeFile(t, damaged, []byte(`{"format":"evergrant-keyset/1","wrapped":"AAAAAQ=="}`))
	down := &fakeKMS{}
	down.down.Store(true)
	for _, tt := range []struct {
		name    string
		path    string
		kms     *secrets.Keeper
		want    error
		mention string
	}{
		{"wrapped, no KMS", wrappedPath, nil, seal.ErrWrapped, "set EVERGRANT_KMS_URL"},
		{"in clear, KMS", clearPath, kms, seal.ErrNotWrapped, "unset EVERGRANT_KMS_URL"},
		{"another KMS key", wrappedPath, localKMS(t), seal.ErrKMS, "check EVERGRANT_KMS_URL"},
		{"KMS is down", wrappedPath, down.open(t), seal.ErrKMS, "connection refused"},
		{"damaged", damaged, kms, seal.ErrNotKeyset, "wrapped part is damaged"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := seal.Load(t.Context(), tt.path, seal.Options{KMS: tt.kms})
			wantErr(t, err, tt.want, tt.path, tt.mention)
			if strings.Contains(err.Error(), "canary") {
				t.Errorf("error quotes the URL: %v", err)
			}
		})
	}
}

func TestKMSPayloadDamaged(t *testing.T) {
	path := keysetPath(t)
	opts := seal.Options{KMS: (&fakeKMS{}).open(t)}
	mustCreate(t, path, opts)
	text := string(readFile(t, path))
	_, b64, _ := strings.Cut(text, `"wrapped": "`)
	b64, _, _ = strings.Cut(b64, `"`)
	raw, err := base64.StdEncoding.DecodeString(b64)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)-1] ^= 1
	writeFile(t, path, []byte(strings.Replace(text, b64, base64.StdEncoding.EncodeToString(raw), 1)))
	_, err = seal.Load(t.Context(), path, opts)
	wantErr(t, err, seal.ErrNotKeyset, "damaged")
}

func TestKMSDownAtCreation(t *testing.T) {
	path := keysetPath(t)
	f := &fakeKMS{}
	f.down.Store(true)
	_, err := seal.Create(t.Context(), path, seal.Options{KMS: f.open(t)})
	wantErr(t, err, seal.ErrKMS, path, "cannot be wrapped")
	if _, err := os.Stat(path); err == nil {
		t.Error("a keyset was made without its KMS")
	}
}

func TestKMSHangs(t *testing.T) {
	path := keysetPath(t)
	f := &fakeKMS{}
	opts := seal.Options{KMS: f.open(t), Timeout: 20 * time.Millisecond}
	k := mustCreate(t, path, opts)
	f.hang.Store(true)
	_, err := seal.Load(t.Context(), path, opts)
	wantErr(t, err, context.DeadlineExceeded, path)
	_, err = k.Rotate(t.Context())
	wantErr(t, err, context.DeadlineExceeded, path)
	opts.Timeout = time.Hour
	_, err = seal.Load(expired(t), path, opts)
	wantErr(t, err, context.Canceled, path)
}

func TestOpenKMSRefuses(t *testing.T) {
	const canary = "c2VjcmV0LWNhbmFyeS1rZXktbWF0ZXJpYWwtMTIzNDU"
	for _, tt := range []struct{ name, url, mention string }{
		{"no URL", "", "not a URL"},
		{"no scheme", canary, "not a URL"},
		{"malformed", "base64key://%zz" + canary, "not a URL"},
		{"unknown scheme", "base64keys://" + canary, "known are: base64key"},
		// Without a key the driver would make a random one, which nobody has afterwards.
		{"no key", "base64key://", "it holds no key"},
		{"no key and no slashes", "base64key:", "it holds no key"},
		{"key in the wrong place", "base64key:" + canary + "=", "it holds no key"},
		{"empty host behind a user", "base64key://@@", "it holds a user"},
		{"scheme in capitals", "BASE64KEY://", "it holds no key"},
		{"key as the user", "base64key://" + canary + "=@", "it holds a user"},
		{"key as the path", "base64key:///" + canary + "=", "it holds no key"},
		{"short key", "base64key://" + canary[:8], "not 32 bytes"},
		{"no padding", "base64key://" + canary, "not 32 bytes"},
		{"not base64", "base64key://" + canary + "!", "not 32 bytes"},
		{"ordinary base64 with a slash", "base64key://" + canary[:20] + "/" + canary[21:] + "=", "URL-safe base64"},
		{"odd parameter", "base64key://" + canary + "=?" + canary + "=1", "something follows the key"},
		{"fragment", "base64key://" + canary + "=#" + canary, "something follows the key"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := seal.OpenKMS(t.Context(), tt.url)
			wantErr(t, err, seal.ErrKMS, "EVERGRANT_KMS_URL", tt.mention)
			if strings.Contains(err.Error(), canary[:8]) {
				t.Errorf("error quotes the URL: %v", err)
			}
		})
	}
}
