package sim_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/evergrant/evergrant/internal/sim"
)

func TestCalls(t *testing.T) {
	b := newBench(t, sim.Config{})
	a := b.account(sim.Account{Username: "acme"})
	tok := b.token(sim.TokenSpec{Account: a.ID, Age: sim.Days(30)})
	b.refresh(tok.Value)
	b.Advance(time.Hour)
	b.me("unknown-token")
	b.refresh("unknown-token")

	all := b.Calls(sim.CallFilter{})
	if len(all) != 3 {
		t.Fatalf("got %d calls; want 3", len(all))
	}
	want := sim.Call{
		Seq: 1, Time: start, Endpoint: sim.Refresh, Method: "GET", Account: a.ID, Username: "acme",
		TokenKind: sim.Long, Fingerprint: sim.Fingerprint(tok.Value), Status: 200, Outcome: sim.OK, Effect: true,
	}
	if all[0] != want {
		t.Errorf("got %+v; want %+v", all[0], want)
	}
	want = sim.Call{
		Seq: 2, Time: start.Add(time.Hour), Endpoint: sim.Me, Method: "GET",
		Fingerprint: sim.Fingerprint("unknown-token"), Status: 400, Code: 190, Outcome: sim.Refused,
	}
	if all[1] != want {
		t.Errorf("got %+v; want %+v", all[1], want)
	}
	for name, f := range map[string]sim.CallFilter{
		"endpoint": {Endpoint: sim.Me}, "account": {Account: "acme"}, "after": {After: 2}, "limit": {Limit: 1},
	} {
		if got := b.Calls(f); len(got) != 1 {
			t.Errorf("filter by %s: got %d; want 1", name, len(got))
		}
	}
	if got, want := b.CountsOf(sim.Refresh), (sim.Counts{Calls: 2, OK: 1, Refused: 1, Effects: 1}); got != want {
		t.Errorf("counts: got %+v; want %+v", got, want)
	}
	if got := b.CountsOf("nonsense"); got != (sim.Counts{}) {
		t.Errorf("counts of nonsense: got %+v; want none", got)
	}
	b.ResetCalls()
	if len(b.Calls(sim.CallFilter{})) != 0 || b.Count(sim.Refresh) != 0 {
		t.Error("after the reset: want no calls")
	}
	b.me("x")
	if got := b.Calls(sim.CallFilter{}); len(got) != 1 || got[0].Seq != 4 {
		t.Errorf("after the reset: got %+v; want Seq 4", got)
	}
}

// The log forgets the oldest calls, and the counts forget nothing.
func TestCallLogIsBounded(t *testing.T) {
	b := newBench(t, sim.Config{CallLog: 10})
	for range 57 {
		b.me("x")
	}
	got := b.Calls(sim.CallFilter{})
	if len(got) < 10 || len(got) > 20 || got[len(got)-1].Seq != 57 {
		t.Errorf("got %d calls, the last %d; want 10 to 20 up to 57", len(got), got[len(got)-1].Seq)
	}
	if n := b.Count(sim.Me); n != 57 {
		t.Errorf("got count %d; want 57", n)
	}
}

// The log never holds what it must not.
func TestCallLogHasNoSecrets(t *testing.T) {
	b := newBench(t, sim.Config{Chaos: true})
	a := b.account(sim.Account{})
	short, code := b.token(sim.TokenSpec{Account: a.ID, Kind: sim.Short}).Value, b.code(a.ID)
	b.postForm("/oauth/access_token", codeForm(code))
	for range 20 {
		_, _ = b.try(http.MethodGet, "/me?access_token="+short, nil) // chaos may break it
	}
	text, err := json.Marshal(b.Calls(sim.CallFilter{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{short, code, sim.DefaultClientSecret} {
		if strings.Contains(string(text), secret) {
			t.Errorf("the log holds %s", secret)
		}
	}
}

// A call that has arrived takes effect, even when the client does not wait.
func TestClientThatHangsUp(t *testing.T) {
	b := newBench(t, sim.Config{})
	a := b.account(sim.Account{RefreshStyle: sim.RefreshSame})
	tok := b.token(sim.TokenSpec{Account: a.ID, Age: sim.Days(30)})
	b.fault(sim.Fault{Kind: sim.FaultLatency, Latency: sim.Duration(time.Minute)})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url+"/refresh_access_token?grant_type=ig_refresh_token&access_token="+tok.Value, nil)
	if err != nil {
		t.Fatal(err)
	}
	if res, err := b.client.Do(req); err == nil {
		_ = res.Body.Close()
		t.Fatal("got an answer; want the client's own deadline")
	}
	tick, deadline := time.NewTicker(2*time.Millisecond), time.After(10*time.Second)
	defer tick.Stop()
	for b.Count(sim.Refresh) == 0 {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the call is still not in the log")
		}
	}
	if c := b.Calls(sim.CallFilter{})[0]; c.Outcome != sim.Dropped || !c.Effect || c.Status != 0 {
		t.Errorf("got %+v; want a dropped call with an effect", c)
	}
	if now, _ := b.Token(tok.Value); now.Refreshes != 1 {
		t.Errorf("got %d refreshes; want 1", now.Refreshes)
	}
}
