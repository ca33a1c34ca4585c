package meta

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strconv"

	"github.com/evergrant/evergrant"
)

// A Proof says whether and how calls prove that they know the app secret, which
// Meta asks for when "Require App Secret" is switched on. Meta does not say
// whether graph.instagram.com honours it; it is signed with the Instagram app's
// secret.
//
// Source, read 2026-09: https://developers.facebook.com/docs/facebook-login/security
type Proof string

// The kinds of proof.
const (
	ProofOff   Proof = "off"   // none
	ProofToken Proof = "token" // HMAC-SHA256 of the token: the older form, still in most libraries
	ProofTimed Proof = "timed" // HMAC-SHA256 of token, "|" and Unix time; good for five minutes
)

func (p Proof) valid() bool { return p == ProofOff || p == ProofToken || p == ProofTimed }

// prove adds the proof for token to query, if the client gives one.
func (c *Client) prove(query url.Values, token evergrant.Secret) {
	signed := token.Reveal()
	switch c.proof {
	case ProofToken:
	case ProofTimed:
		at := strconv.FormatInt(c.now().Unix(), 10)
		query.Set("appsecret_time", at)
		signed += "|" + at
	default:
		return
	}
	mac := hmac.New(sha256.New, []byte(c.secret.Reveal()))
	mac.Write([]byte(signed))
	query.Set("appsecret_proof", hex.EncodeToString(mac.Sum(nil)))
}
