package sim_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/evergrant/evergrant/internal/sim"
)

func proof(secret, data string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(data))
	return hex.EncodeToString(mac.Sum(nil))
}

func TestProof(t *testing.T) {
	const previous = "previous-secret"
	b := newBench(t, sim.Config{App: sim.App{Secrets: []string{sim.DefaultClientSecret, previous}}})
	tok := b.token(sim.TokenSpec{}).Value
	unix := func(d time.Duration) string { return strconv.FormatInt(start.Add(d).Unix(), 10) }
	timed := func(d time.Duration) url.Values {
		return url.Values{"appsecret_proof": {proof(sim.DefaultClientSecret, tok+"|"+unix(d))}, "appsecret_time": {unix(d)}}
	}
	plain := func(p string) url.Values { return url.Values{"appsecret_proof": {p}} }
	for _, tt := range []struct {
		name     string
		required bool
		q        url.Values
		want     string // "" means accepted
	}{
		{"none", false, url.Values{}, ""},
		{"none, required", true, url.Values{}, "API calls from the server require an appsecret_proof argument"},
		{"plain", true, plain(proof(sim.DefaultClientSecret, tok)), ""},
		{"plain, previous secret", true, plain(proof(previous, tok)), ""},
		{"with time", true, timed(0), ""},
		{"five minutes old", true, timed(-5 * time.Minute), ""},
		{"older", true, timed(-5*time.Minute - time.Second), "Invalid appsecret_proof"},
		{"from the future", true, timed(6 * time.Minute), "Invalid appsecret_proof"},
		{"wrong, not required", false, plain(proof("wrong", tok)), "Invalid appsecret_proof"},
		{"of another token", false, plain(proof(sim.DefaultClientSecret, "other")), "Invalid appsecret_proof"},
		{"time is no number", false, url.Values{"appsecret_proof": {"x"}, "appsecret_time": {"now"}}, "Invalid appsecret_proof"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			app := b.App()
			app.ProofRequired = tt.required
			if err := b.SetApp(app); err != nil {
				t.Fatal(err)
			}
			tt.q.Set("access_token", tok)
			got := b.get("/me", tt.q)
			if tt.want != "" {
				wantError(t, got, 400, 100, -1, "GraphMethodException", tt.want)
			} else if got.status != http.StatusOK {
				t.Errorf("got %d %s; want 200", got.status, got.body)
			}
		})
	}
}
