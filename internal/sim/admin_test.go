package sim_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/evergrant/evergrant/internal/sim"
)

// A session over the management API: every route, in an order that makes sense.
func TestAdmin(t *testing.T) {
	b := newBench(t, sim.Config{Seed: 1})
	for _, tt := range []struct {
		method, path, body string
		want               []string
	}{
		{"GET", "/_sim/", "", []string{`"GET /_sim/accounts"`, `"POST /_sim/scenario"`}},
		{"POST", "/_sim/accounts", `{"username":"acme","account_id":"17841400000000101","app_scoped_id":"27640000000000101","account_type":"MEDIA_CREATOR"}`, []string{`"username":"acme"`}},
		{"POST", "/_sim/accounts", `[{"username":"b"},{"username":"c","count":2}]`, []string{`"b"`, `"c-1"`, `"c-2"`}},
		{"GET", "/_sim/accounts", "", []string{`"17841400000000101"`, `"c-2"`}},
		{"POST", "/_sim/tokens", `{"account":"acme","kind":"long","age":"50d","value":"planted"}`, []string{`"value":"planted"`, `"issued_at":"2026-11-26T10:00:00Z"`}},
		{"POST", "/_sim/tokens", `[{"account":"acme","kind":"short"},{"count":2,"age":"2d"}]`, []string{`"kind":"short"`, `"kind":"long"`}},
		{"GET", "/_sim/tokens?account=acme&kind=long", "", []string{`"total":1`, `"planted"`}},
		{"GET", "/_sim/tokens?limit=1&offset=3", "", []string{`"total":4`, `"IGAA`}},
		{"GET", "/_sim/tokens?offset=99", "", []string{`"tokens":[]`}},
		{"POST", "/_sim/tokens/kill", `{"token":"planted","reason":"password_changed"}`, []string{`"tokens":1`}},
		{"GET", "/_sim/tokens?token=planted", "", []string{`"dead":"password_changed"`}},
		{"POST", "/_sim/tokens/revive", `{"account":"acme"}`, []string{`"tokens":2`}},
		{"POST", "/_sim/inbound", `{"account":"acme","from":"526001"}`, []string{`"ok":true`}},
		{"POST", "/_sim/inbound", `[{"account":"acme","from":"526002","age":"30h","unavailable":true}]`, []string{`"ok":true`}},
		{"POST", "/me/messages?access_token=planted", `{"recipient":{"id":"526001"},"message":{"text":"hi"}}`, nil},
		{"GET", "/_sim/messages?account=acme", "", []string{`"to":"526001"`, `"text":"hi"`, `"count":1`}},
		{"GET", "/_sim/messages?account=b", "", []string{`"messages":[]`}},
		{"DELETE", "/_sim/calls", "", []string{`"ok":true`}},
		{"POST", "/_sim/codes", `{"account":"acme","redirect_uri":"https://app.example/"}`, []string{`"code":"AQB`}},
		{"POST", "/_sim/faults", `{"kind":"html","endpoint":"refresh","times":1}`, []string{`"id":1`}},
		{"POST", "/_sim/faults", `[{"kind":"throttle","account":"acme","code":17},{"kind":"error","code":1,"subcode":0}]`, []string{`"id":3`, `"subcode":0`}},
		{"DELETE", "/_sim/faults?id=2", "", []string{`"ok":true`}},
		{"GET", "/_sim/faults", "", []string{`"id":1`, `"id":3`, `"fired":0`}},
		{"POST", "/_sim/faults", `{"profile":"chaos"}`, []string{`"drop_after"`}},
		{"DELETE", "/_sim/faults", "", []string{`"ok":true`}},
		{"GET", "/_sim/faults", "", []string{`"faults":[]`}},
		{"POST", "/_sim/clock", `{"advance":"24h"}`, []string{`"now":"2027-01-16T10:00:00Z"`, `"offset":"24h0m0s"`}},
		{"POST", "/_sim/clock", `{"set":"2027-02-01T00:00:00Z"}`, []string{`"now":"2027-02-01T00:00:00Z"`}},
		{"GET", "/_sim/clock", "", []string{`"now":"2027-02-01T00:00:00Z"`}},
		{"GET", "/me?access_token=x", "", nil},
		{"GET", "/_sim/calls?endpoint=me&limit=5", "", []string{`"endpoint":"me"`, `"outcome":"refused"`}},
		{"GET", "/_sim/calls?after=2", "", []string{`"calls":[]`}},
		{"GET", "/_sim/calls?count=1", "", []string{`{"counts":{"me":{"calls":1,"ok":0,"refused":1,"faults":0,"dropped":0,"effects":0}}}`}},
		{"DELETE", "/_sim/calls", "", []string{`"ok":true`}},
		{"GET", "/_sim/calls?count=1", "", []string{`"counts":{}`}},
		{"POST", "/_sim/app", `{"proof_required":true,"usage":{"call_count":96}}`, []string{`"proof_required":true`, `"call_count":96`, sim.DefaultClientID}},
		{"POST", "/_sim/app", `{"client_secrets":["a","b"]}`, []string{`"proof_required":true`, `["a","b"]`}},
		{"GET", "/_sim/app", "", []string{`["a","b"]`}},
		{"POST", "/_sim/scenario", `{"accounts":[{"username":"late"}],"app":{}}`, []string{`"ok":true`}},
	} {
		got := b.do(tt.method, tt.path, strings.NewReader(tt.body))
		if strings.HasPrefix(tt.path, "/_sim/") && (got.status != http.StatusOK || got.header.Get("Content-Type") != "application/json") {
			t.Fatalf("%s %s: got %d %s", tt.method, tt.path, got.status, got.body)
		}
		for _, want := range tt.want {
			if !strings.Contains(got.body, want) {
				t.Errorf("%s %s: got %s; want it to hold %s", tt.method, tt.path, got.body, want)
			}
		}
	}
}

func TestAdminErrors(t *testing.T) {
	b := newBench(t, sim.Config{})
	for _, tt := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/_sim/nothing", "", 404, "no route GET /_sim/nothing"},
		{"PUT", "/_sim/clock", "", 404, "no route PUT"},
		{"POST", "/_sim/accounts", "", 400, "empty"},
		{"POST", "/_sim/accounts", `{"shoe":1}`, 400, `unknown field \"shoe\"`},
		{"POST", "/_sim/accounts", `[{"shoe":1}]`, 400, `unknown field \"shoe\"`},
		{"POST", "/_sim/accounts", `{} {}`, 400, "follows"},
		{"POST", "/_sim/accounts", `{"account_id":"x"}`, 400, "account_id"},
		{"GET", "/_sim/tokens?account=nobody", "", 400, "nobody"},
		{"GET", "/_sim/tokens?limit=x", "", 400, "limit"},
		{"GET", "/_sim/tokens?offset=-1", "", 400, "offset"},
		{"POST", "/_sim/tokens", `{"age":"long ago"}`, 400, "duration"},
		{"POST", "/_sim/tokens", `{"age":5}`, 400, "age"},
		{"POST", "/_sim/tokens/kill", `{"reason":"x"}`, 400, "reason"},
		{"POST", "/_sim/tokens/kill", `x`, 400, "body"},
		{"POST", "/_sim/tokens/revive", `{"token":"x"}`, 400, "does not exist"},
		{"POST", "/_sim/tokens/revive", `x`, 400, "body"},
		{"POST", "/_sim/codes", `{"account":"nobody","redirect_uri":"x"}`, 400, "nobody"},
		{"POST", "/_sim/codes", `[]`, 400, "body"},
		{"POST", "/_sim/faults", `{"kind":"x"}`, 400, "kind"},
		{"POST", "/_sim/faults", `{"knid":"html"}`, 400, "knid"},
		{"POST", "/_sim/faults", `x`, 400, "body"},
		{"POST", "/_sim/faults", `{"profile":"calm"}`, 400, "calm"},
		{"POST", "/_sim/faults", `{"profile":"chaos","times":1}`, 400, "times"},
		{"DELETE", "/_sim/faults?id=7", "", 400, "fault 7"},
		{"DELETE", "/_sim/faults?id=x", "", 400, "id="},
		{"POST", "/_sim/clock", `{}`, 400, "either"},
		{"POST", "/_sim/clock", `x`, 400, "body"},
		{"GET", "/_sim/calls?endpoint=x", "", 400, "endpoint"},
		{"GET", "/_sim/calls?after=x", "", 400, "after"},
		{"GET", "/_sim/calls?limit=x", "", 400, "limit"},
		{"POST", "/_sim/inbound", `{"account":"nobody","from":"1"}`, 400, "nobody"},
		{"POST", "/_sim/inbound", `x`, 400, "body"},
		{"POST", "/_sim/app", `{"client_id":"abc"}`, 400, "client_id"},
		{"POST", "/_sim/app", `{"x":1}`, 400, "unknown field"},
		{"POST", "/_sim/scenario", `{"x":1}`, 400, "unknown field"},
		{"POST", "/_sim/scenario", `{"tokens":[{"account":"nobody"}]}`, 400, "nobody"},
	} {
		got := b.do(tt.method, tt.path, strings.NewReader(tt.body))
		if got.status != tt.status || !strings.Contains(got.body, tt.want) {
			t.Errorf("%s %s %s: got %d %s; want %d with %s", tt.method, tt.path, tt.body, got.status, got.body, tt.status, tt.want)
		}
	}
}

// A web page of another site cannot steer the simulator.
func TestAdminRefusesOtherSites(t *testing.T) {
	b := newBench(t, sim.Config{})
	got := b.do(http.MethodPost, "/_sim/clock", strings.NewReader(`{"advance":"1h"}`), "Sec-Fetch-Site", "cross-site")
	if got.status != http.StatusForbidden || b.Offset() != 0 {
		t.Errorf("got %d, offset %v; want 403 and no change", got.status, b.Offset())
	}
}
