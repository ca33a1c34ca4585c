package sim_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/evergrant/evergrant/internal/sim"
)

// Faults that answer with an HTTP message.
func TestFaultAnswers(t *testing.T) {
	for _, tt := range []struct {
		name   string
		fault  sim.Fault
		status int
		prefix string // of the body
		effect bool
	}{
		{"server error", sim.Fault{Kind: sim.FaultServerError}, 500, `{"error":{"message":"An unexpected error`, false},
		{"server error 502", sim.Fault{Kind: sim.FaultServerError, Status: 502}, 502, `{"error":{`, false},
		{"html error", sim.Fault{Kind: sim.FaultHTMLError}, 503, `<!DOCTYPE html>`, false},
		{"html error 403", sim.Fault{Kind: sim.FaultHTMLError, Status: 403}, 403, `<!DOCTYPE html>`, false},
		{"html", sim.Fault{Kind: sim.FaultHTML}, 200, `<!DOCTYPE html>`, false},
		{"html after the effect", sim.Fault{Kind: sim.FaultHTML, AfterEffect: true}, 200, `<!DOCTYPE html>`, true},
		{"truncated", sim.Fault{Kind: sim.FaultTruncated}, 200, `{"access_token":"IGAA`, true},
		{"no token", sim.Fault{Kind: sim.FaultNoToken}, 200, `{"token_type"`, false},
		{"empty token", sim.Fault{Kind: sim.FaultEmptyToken}, 200, `{"access_token":"",`, false},
		{"body", sim.Fault{Kind: sim.FaultBody, Status: 401, Body: `{"meta":{}}`}, 401, `{"meta":{}}`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, sim.Config{})
			tok := b.token(sim.TokenSpec{Age: sim.Days(30)})
			b.fault(tt.fault)
			got := b.refresh(tok.Value)
			if got.status != tt.status || !strings.HasPrefix(got.body, tt.prefix) {
				t.Errorf("got %d %s; want %d %s…", got.status, got.body, tt.status, tt.prefix)
			}
			call := b.Calls(sim.CallFilter{})[0]
			if call.Effect != tt.effect || call.Fault != tt.fault.Kind || call.Outcome != sim.Faulty || call.Status != tt.status {
				t.Errorf("logged %+v; want effect %v, fault %s, status %d", call, tt.effect, tt.fault.Kind, tt.status)
			}
			b.ClearFaults()
			if all, err := b.Tokens(sim.Selector{Account: tok.Account}); err != nil || len(all) == 0 || all[0].Dead != "" {
				t.Errorf("tokens afterwards: %+v, %v; want the old one alive", all, err)
			}
		})
	}
}

func TestFaultEmpty(t *testing.T) {
	b := newBench(t, sim.Config{})
	b.fault(sim.Fault{Kind: sim.FaultEmpty})
	if got := b.me("x"); got.status != http.StatusOK || got.body != "" {
		t.Errorf("got %d %q; want 200 and nothing", got.status, got.body)
	}
}

func TestFaultTruncatedIsNotJSON(t *testing.T) {
	b := newBench(t, sim.Config{})
	b.fault(sim.Fault{Kind: sim.FaultTruncated})
	tok := b.token(sim.TokenSpec{Age: sim.Days(30)})
	if got := b.refresh(tok.Value); json.Valid([]byte(got.body)) || got.body == "" {
		t.Errorf("got %q; want a part of the JSON", got.body)
	}
}

// Faults that break the connection: the client gets an error, never a body.
func TestFaultConnections(t *testing.T) {
	for _, tt := range []struct {
		kind    sim.FaultKind
		effect  bool
		outcome sim.Outcome
	}{
		{sim.FaultDropBefore, false, sim.Dropped},
		{sim.FaultDropAfter, true, sim.Dropped},
		{sim.FaultCut, true, sim.Faulty},
	} {
		t.Run(string(tt.kind), func(t *testing.T) {
			b := newBench(t, sim.Config{})
			a := b.account(sim.Account{RefreshStyle: sim.RefreshSame})
			tok := b.token(sim.TokenSpec{Account: a.ID, Age: sim.Days(30)})
			// Until it is cleared, because net/http repeats a GET on a used connection.
			b.fault(sim.Fault{Kind: tt.kind, Endpoint: "refresh"})
			if got, err := b.try(http.MethodGet, "/refresh_access_token?grant_type=ig_refresh_token&access_token="+tok.Value, nil); err == nil {
				t.Errorf("got %d %q; want a broken connection", got.status, got.body)
			}
			call := b.Calls(sim.CallFilter{Endpoint: sim.Refresh})[0]
			if call.Effect != tt.effect || call.Outcome != tt.outcome {
				t.Errorf("logged %+v; want effect %v, outcome %s", call, tt.effect, tt.outcome)
			}
			if now, _ := b.Token(tok.Value); (now.Refreshes > 0) != tt.effect {
				t.Errorf("refreshed %d times; want effect %v", now.Refreshes, tt.effect)
			}
		})
	}
}

func TestFaultErrors(t *testing.T) {
	for _, tt := range []struct {
		name                  string
		fault                 sim.Fault
		status, code, subcode int
		typ, text             string
	}{
		{"blocked", sim.Fault{Kind: sim.FaultAppBlocked}, 400, 200, -1, "OAuthException", "API access blocked."},
		{"deactivated", sim.Fault{Kind: sim.FaultAppDeactivated}, 200, 200, -1, "OAuthException", "API access deactivated. To reactivate, go to the app dashboard."},
		{"unsupported", sim.Fault{Kind: sim.FaultUnsupported}, 400, 100, -1, "IGApiException", "Unsupported request - method type: get"},
		{"password", sim.Fault{Kind: sim.FaultPasswordChanged}, 400, 190, 460, "OAuthException", "password"},
		{"removed", sim.Fault{Kind: sim.FaultAppRemoved}, 400, 190, 458, "OAuthException", "not authorized"},
		{"logged out", sim.Fault{Kind: sim.FaultLoggedOut}, 400, 190, 467, "OAuthException", "logged out"},
		{"checkpoint", sim.Fault{Kind: sim.FaultCheckpoint}, 400, 190, 459, "OAuthException", "checkpoint"},
		{"unconfirmed", sim.Fault{Kind: sim.FaultUnconfirmed}, 400, 190, 464, "OAuthException", "confirmed"},
		{"verbatim", sim.Fault{Kind: sim.FaultError, Status: 403, Code: 10, Subcode: new(1893063), Type: "IGApiException", Message: "restricted"}, 403, 10, 1893063, "IGApiException", "restricted"},
		{"verbatim subcode 0", sim.Fault{Kind: sim.FaultError, Code: 368, Subcode: new(0)}, 400, 368, 0, "OAuthException", "error"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, sim.Config{})
			tok := b.token(sim.TokenSpec{Age: sim.Days(30), Subcode: sim.SubcodePresent})
			b.fault(tt.fault)
			wantError(t, b.refresh(tok.Value), tt.status, tt.code, tt.subcode, tt.typ, tt.text)
			b.ClearFaults()
			lost := tt.code == 190 && tt.subcode != 459 && tt.subcode != 464
			if b.Accepts(tok.Value) == lost {
				t.Errorf("without the fault: accepted %v; want %v", !lost, lost)
			}
		})
	}
}

// In the outages on record dead tokens still got their own refusal.
func TestFaultUnsupportedSparesDeadTokens(t *testing.T) {
	b := newBench(t, sim.Config{})
	b.fault(sim.Fault{Kind: sim.FaultUnsupported})
	dead := b.token(sim.TokenSpec{Age: sim.Days(90), Subcode: sim.SubcodePresent})
	wantError(t, b.refresh(dead.Value), 400, 190, 463, "OAuthException", "expired")
	wantError(t, b.refresh("x"), 400, 190, -1, "OAuthException", "Cannot parse")
	wantError(t, b.postForm("/oauth/access_token", nil), 400, 100, -1, "IGApiException", "method type: post")
}

func TestFaultThrottle(t *testing.T) {
	for _, tt := range []struct {
		fault         sim.Fault
		app, business bool // which header says 100 %
	}{
		{sim.Fault{Code: 4}, true, false},
		{sim.Fault{Code: 17, RegainMinutes: 3}, false, true},
		{sim.Fault{Code: 32, RegainMinutes: 3}, false, true},
		{sim.Fault{Code: 613, Subcode: new(1996)}, false, true},
		{sim.Fault{RegainMinutes: 19.5}, false, true}, // 80002 unless said otherwise
		{sim.Fault{Code: 80006}, false, true},
	} {
		b := newBench(t, sim.Config{})
		tok := b.token(sim.TokenSpec{})
		tt.fault.Kind = sim.FaultThrottle
		b.fault(tt.fault)
		got := b.me(tok.Value)
		var e errorBody
		got.json(t, &e)
		code := tt.fault.Code
		if code == 0 {
			code = 80002
		}
		if got.status != http.StatusBadRequest || e.Error.Code != code || e.Error.Type != "OAuthException" {
			t.Errorf("code %d: got %d %s", code, got.status, got.body)
		}
		if h := got.header.Get("X-App-Usage"); strings.Contains(h, `"call_count":100`) != tt.app {
			t.Errorf("code %d: X-App-Usage %s; want full: %v", code, h, tt.app)
		}
		h := got.header.Get("X-Business-Use-Case-Usage")
		if strings.Contains(h, `"call_count":100`) != tt.business || tt.fault.RegainMinutes == 19.5 && !strings.Contains(h, `_access":19.5}`) {
			t.Errorf("code %d: X-Business-Use-Case-Usage %s; want full: %v", code, h, tt.business)
		}
	}
}

func TestFaultExpiresIn(t *testing.T) {
	for _, tt := range []struct{ value, want string }{
		{"", ""}, {"0", `"expires_in":0`}, {"-5", `"expires_in":-5`}, {`"soon"`, `"expires_in":"soon"`}, {"1e30", `"expires_in":1e30`},
	} {
		b := newBench(t, sim.Config{})
		tok := b.token(sim.TokenSpec{Age: sim.Days(30)})
		b.fault(sim.Fault{Kind: sim.FaultExpiresIn, ExpiresIn: json.RawMessage(tt.value)})
		got := b.refresh(tok.Value)
		var body tokenBody
		if got.status != http.StatusOK || !strings.Contains(got.body, tt.want) || (tt.want == "" && strings.Contains(got.body, "expires_in")) {
			t.Errorf("%q: got %d %s; want 200 with %s", tt.value, got.status, got.body, tt.want)
		}
		if json.Unmarshal([]byte(strings.Replace(got.body, `"soon"`, "1", 1)), &body) != nil || !b.Accepts(body.AccessToken) {
			t.Errorf("%q: the token in %s is not good", tt.value, got.body)
		}
		b.ClearFaults()
		wantError(t, b.me("x"), 400, 190, -1, "OAuthException", "")
	}
}

func TestFaultMatching(t *testing.T) {
	b := newBench(t, sim.Config{})
	a, other := b.account(sim.Account{Username: "one"}), b.account(sim.Account{})
	long, short := b.token(sim.TokenSpec{Account: a.ID}), b.token(sim.TokenSpec{Account: a.ID, Kind: sim.Short})
	stranger := b.token(sim.TokenSpec{Account: other.ID})
	for _, tt := range []struct {
		name    string
		fault   sim.Fault
		hits    []string
		escapes []string
	}{
		{"all", sim.Fault{}, []string{long.Value, short.Value, stranger.Value, "unknown"}, nil},
		{"star", sim.Fault{Endpoint: "*"}, []string{long.Value}, nil},
		{"endpoint", sim.Fault{Endpoint: "refresh | me"}, []string{long.Value}, nil},
		{"other endpoint", sim.Fault{Endpoint: "refresh|exchange"}, nil, []string{long.Value}},
		{"username", sim.Fault{Account: "one"}, []string{long.Value, short.Value}, []string{stranger.Value, "unknown"}},
		{"app-scoped id", sim.Fault{Account: a.AppScopedID}, []string{long.Value}, []string{stranger.Value}},
		{"kind", sim.Fault{TokenKind: sim.Short}, []string{short.Value}, []string{long.Value, "unknown"}},
		{"not yet", sim.Fault{From: start.Add(1)}, nil, []string{long.Value}},
		{"from now", sim.Fault{From: start}, []string{long.Value}, nil},
		{"until later", sim.Fault{Until: start.Add(1)}, []string{long.Value}, nil},
		{"until now", sim.Fault{Until: start}, nil, []string{long.Value}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.fault.Kind, tt.fault.Status = sim.FaultHTMLError, 599
			id := b.fault(tt.fault)
			for _, v := range tt.hits {
				if got := b.me(v); got.status != 599 {
					t.Errorf("token %s: got %d; want the fault", sim.Fingerprint(v), got.status)
				}
			}
			for _, v := range tt.escapes {
				if got := b.me(v); got.status == 599 {
					t.Errorf("token %s: got the fault; want none", sim.Fingerprint(v))
				}
			}
			if !b.RemoveFault(id) || b.RemoveFault(id) {
				t.Error("RemoveFault: want true once, then false")
			}
		})
	}
}

func TestFaultTimesAndOrder(t *testing.T) {
	b := newBench(t, sim.Config{})
	a := b.account(sim.Account{})
	tok := b.token(sim.TokenSpec{Account: a.ID}).Value
	b.fault(sim.Fault{Kind: sim.FaultHTMLError, Status: 501})
	b.fault(sim.Fault{Kind: sim.FaultHTMLError, Status: 502, Account: a.ID, Times: 2})
	b.fault(sim.Fault{Kind: sim.FaultHTMLError, Status: 503, Account: a.ID, Times: 1})
	for i, want := range []int{502, 502, 503, 501, 501} {
		if got := b.me(tok).status; got != want {
			t.Errorf("call %d: got %d; want %d", i+1, got, want)
		}
	}
	if left := b.Faults(); len(left) != 1 || left[0].Status != 501 || left[0].Fired != 2 {
		t.Errorf("left: %+v; want only the common one, fired twice", left)
	}
}

func TestFaultProbability(t *testing.T) {
	b := newBench(t, sim.Config{Seed: 3})
	tok := b.token(sim.TokenSpec{}).Value
	b.fault(sim.Fault{Kind: sim.FaultHTMLError, Probability: 0.3})
	for range 400 {
		b.me(tok)
	}
	if n := b.CountsOf(sim.Me).Faults; n < 85 || n > 155 {
		t.Errorf("got %d of 400 at 0.3; want about 120", n)
	}
}

func TestFaultLatencyAddsUp(t *testing.T) {
	b := newBench(t, sim.Config{Latency: 10 * time.Millisecond})
	tok := b.token(sim.TokenSpec{}).Value
	b.fault(sim.Fault{Kind: sim.FaultLatency, Latency: sim.Duration(10 * time.Millisecond)})
	b.fault(sim.Fault{Kind: sim.FaultHTML, Latency: sim.Duration(10 * time.Millisecond)})
	begin := time.Now()
	got := b.me(tok)
	if took := time.Since(begin); took < 30*time.Millisecond {
		t.Errorf("took %v; want at least 30ms", took)
	}
	if !strings.HasPrefix(got.body, "<!DOCTYPE") {
		t.Errorf("got %s; want the web page: latency alone decides nothing", got.body)
	}
}

func TestFaultSpecErrors(t *testing.T) {
	b := newBench(t, sim.Config{})
	for _, tt := range []struct {
		fault sim.Fault
		want  string
	}{
		{sim.Fault{}, "kind"},
		{sim.Fault{Kind: "x"}, "kind"},
		{sim.Fault{Kind: sim.FaultHTML, Endpoint: "x"}, "endpoint"},
		{sim.Fault{Kind: sim.FaultHTML, Account: "nobody"}, "nobody"},
		{sim.Fault{Kind: sim.FaultHTML, TokenKind: "x"}, "token_kind"},
		{sim.Fault{Kind: sim.FaultHTML, Probability: 1.1}, "probability"},
		{sim.Fault{Kind: sim.FaultHTML, Times: -1}, "times"},
		{sim.Fault{Kind: sim.FaultHTML, Latency: -1}, "latency"},
		{sim.Fault{Kind: sim.FaultLatency}, "latency is missing"},
		{sim.Fault{Kind: sim.FaultHTML, Status: 99}, "status"},
		{sim.Fault{Kind: sim.FaultHTML, Status: 204}, "status"},
		{sim.Fault{Kind: sim.FaultHTML, From: start, Until: start}, "until"},
		{sim.Fault{Kind: sim.FaultHTML, RegainMinutes: -1}, "regain_minutes"},
		{sim.Fault{Kind: sim.FaultExpiresIn, ExpiresIn: json.RawMessage("soon")}, "expires_in"},
	} {
		if _, err := b.AddFault(tt.fault); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("AddFault(%+v): got %v; want an error about %s", tt.fault, err, tt.want)
		}
	}
	if err := b.AddFaults(sim.Fault{Kind: sim.FaultHTML}, sim.Fault{}); err == nil || len(b.Faults()) != 0 {
		t.Errorf("AddFaults with a bad one: got %v and %d faults; want an error and none", err, len(b.Faults()))
	}
}
