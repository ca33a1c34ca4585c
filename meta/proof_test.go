package meta_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/evergrant/evergrant/meta"
)

func TestProof(t *testing.T) {
	sign := func(data string) string {
		mac := hmac.New(sha256.New, []byte(clientSecret.Reveal()))
		mac.Write([]byte(data))
		return hex.EncodeToString(mac.Sum(nil))
	}
	const unix = "1788256800" // of start
	for _, tt := range []struct {
		proof      meta.Proof
		want, time string
	}{
		{meta.ProofOff, "", ""},
		{meta.ProofToken, sign(token.Reveal()), ""},
		{meta.ProofTimed, sign(token.Reveal() + "|" + unix), unix},
	} {
		for _, op := range operations()[1:] { // the code exchange has no token to prove
			t.Run(string(tt.proof)+"/"+op.name, func(t *testing.T) {
				srv := newRecorder(t, 200, nil, `{"access_token":"x","id":"1","success":true}`)
				client := newClient(t, srv.URL, func(c *meta.Config) { c.Proof = tt.proof })
				if err := op.run(t.Context(), client); err != nil {
					t.Fatalf("%s: %v", op.name, err)
				}
				req := srv.only(t)
				if got, at := req.query.Get("appsecret_proof"), req.query.Get("appsecret_time"); got != tt.want || at != tt.time {
					t.Errorf("got proof %q at %q; want %q at %q", got, at, tt.want, tt.time)
				}
			})
		}
	}
}

// A known pair keeps the test above from sharing a mistake with the code: RFC 4231
// has no such case, so the digest was made with openssl dgst -sha256 -hmac.
func TestProofKnownAnswer(t *testing.T) {
	srv := newRecorder(t, 200, nil, `{"id":"1"}`)
	client := newClient(t, srv.URL, func(c *meta.Config) { c.Proof = meta.ProofToken })
	if _, err := client.Identify(t.Context(), token); err != nil {
		t.Fatalf("Identify: %v", err)
	}
	if got, want := srv.only(t).query.Get("appsecret_proof"), "9b29d6d7fe4ccdea5335d407f553430b0199c3d29c48e5c335181cd1e07fd3f9"; got != want {
		t.Errorf("got %s; want %s", got, want)
	}
}
