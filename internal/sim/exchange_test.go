package sim_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/evergrant/evergrant/internal/sim"
)

func TestExchange(t *testing.T) {
	b := newBench(t, sim.Config{})
	short := b.token(sim.TokenSpec{Kind: sim.Short, Age: sim.Duration(59 * time.Minute), Permissions: []string{sim.ScopeBasic}})
	got := wantToken(t, b.exchange(short.Value))
	long, ok := b.Token(got.AccessToken)
	if !ok || long.Kind != sim.Long || long.Account != short.Account || strings.Join(long.Permissions, ",") != sim.ScopeBasic {
		t.Errorf("got %+v; want a long token of account %s with the same permissions", long, short.Account)
	}
	if !b.Accepts(short.Value) {
		t.Error("the short token died of its exchange")
	}
	if n := len(got.AccessToken); n < 160 || n > 180 || !strings.HasPrefix(got.AccessToken, "IGAA") {
		t.Errorf("token %q of %d letters; want IGAA… of 160 to 180", got.AccessToken, n)
	}
}

func TestExchangeRefusals(t *testing.T) {
	b := newBench(t, sim.Config{})
	personal := b.account(sim.Account{RefusedAt: sim.Exchange})
	q := func(token, secret, grant string) url.Values {
		return url.Values{"grant_type": {grant}, "client_secret": {secret}, "access_token": {token}}
	}
	short := b.token(sim.TokenSpec{Kind: sim.Short}).Value
	const secret, grant = sim.DefaultClientSecret, "ig_exchange_token"
	for _, tt := range []struct {
		name          string
		q             url.Values
		code, subcode int
		typ, text     string
	}{
		{"grant type", q(short, secret, "authorization_code"), 100, -1, "OAuthException", "grant_type"},
		{"secret", q(short, "wrong", grant), 1, -1, "OAuthException", "client secret"},
		{"no secret", q(short, "", grant), 1, -1, "OAuthException", "client secret"},
		{"no token", q("", secret, grant), 2500, -1, "OAuthException", "access token"},
		{"unknown token", q("x", secret, grant), 190, -1, "OAuthException", "Cannot parse"},
		{
			"expired", q(b.token(sim.TokenSpec{Kind: sim.Short, Age: sim.Duration(time.Hour), Subcode: sim.SubcodePresent}).Value, secret, grant),
			190, 463, "OAuthException", "Session has expired on Friday, 15-Jan-27 02:00:00 PST. The current time is Friday, 15-Jan-27 02:00:00 PST.",
		},
		{
			"personal account", q(b.token(sim.TokenSpec{Account: personal.ID, Kind: sim.Short}).Value, secret, grant),
			100, -1, "IGApiException", "Unsupported request - method type: get",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wantError(t, b.get("/access_token", tt.q), 400, tt.code, tt.subcode, tt.typ, tt.text)
		})
	}
	t.Run("post", func(t *testing.T) {
		wantError(t, b.postForm("/access_token", q(short, secret, grant)), 400, 100, -1, "IGApiException", "method type: post")
	})
	t.Run("long token", func(t *testing.T) {
		long := b.token(sim.TokenSpec{Age: sim.Days(3)})
		if got := b.exchange(long.Value); got.status != http.StatusBadRequest || !b.Accepts(long.Value) {
			t.Errorf("got status %d, accepted %v; want an odd 400 and a living token", got.status, b.Accepts(long.Value))
		}
	})
}

// While a secret is rotated both are good.
func TestExchangeSecrets(t *testing.T) {
	b := newBench(t, sim.Config{App: sim.App{Secrets: []string{"new-secret", sim.DefaultClientSecret}}})
	wantToken(t, b.exchange(b.token(sim.TokenSpec{Kind: sim.Short}).Value))
}
