package sim_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/evergrant/evergrant/internal/sim"
)

func TestSubscribe(t *testing.T) {
	b := newBench(t, sim.Config{})
	a := b.account(sim.Account{})
	auth := "access_token=" + b.token(sim.TokenSpec{Account: a.ID}).Value
	path := "/v25.0/" + a.ID + "/subscribed_apps?" + auth

	if got := b.do(http.MethodGet, path, nil); got.body != `{"data":[]}` {
		t.Errorf("before: got %s; want an empty list", got.body)
	}
	for name, body := range map[string]func() answer{
		"query": func() answer { return b.do(http.MethodPost, path+"&subscribed_fields=messages,comments", nil) },
		"JSON":  func() answer { return b.postJSON(path, `{"subscribed_fields":["messages", "comments"]}`) },
	} {
		if got := body(); got.status != http.StatusOK || got.body != `{"success":true}` {
			t.Errorf("%s: got %d %s; want success", name, got.status, got.body)
		}
		if now, _ := b.Account(a.ID); !slices.Equal(now.Subscribed, []string{"messages", "comments"}) {
			t.Errorf("%s: got fields %v; want messages, comments", name, now.Subscribed)
		}
	}
	if n := b.CountsOf(sim.Subscribe).Effects; n != 1 {
		t.Errorf("got %d effects; want 1, the second call changed nothing", n)
	}
	if got := b.do(http.MethodGet, path, nil); !strings.Contains(got.body, `"subscribed_fields":["messages","comments"]`) || !strings.Contains(got.body, sim.DefaultClientID) {
		t.Errorf("got %s; want the app with both fields", got.body)
	}
	if got := b.do(http.MethodDelete, path, nil); got.body != `{"success":true}` {
		t.Errorf("delete: got %s; want success", got.body)
	}
	if now, _ := b.Account(a.ID); len(now.Subscribed) != 0 {
		t.Errorf("after delete: got fields %v; want none", now.Subscribed)
	}
}

func TestSubscribeRefusals(t *testing.T) {
	b := newBench(t, sim.Config{})
	a, other := b.account(sim.Account{}), b.account(sim.Account{})
	auth := "?access_token=" + b.token(sim.TokenSpec{Account: a.ID}).Value
	weak := "?access_token=" + b.token(sim.TokenSpec{Account: a.ID, Permissions: []string{"other"}}).Value
	own := "/" + a.ID + "/subscribed_apps"
	wantError(t, b.do(http.MethodPut, own+auth, nil), 400, 100, -1, "IGApiException", "method type: put")
	wantError(t, b.do(http.MethodPost, own+auth, nil), 400, 100, -1, "OAuthException", "subscribed_fields is required")
	wantError(t, b.do(http.MethodPost, own+auth+"&subscribed_fields=gossip", nil), 400, 100, -1, "OAuthException", "subscribed_fields[gossip]")
	wantError(t, b.do(http.MethodPost, own, nil), 400, 2500, -1, "OAuthException", "access token")
	wantError(t, b.do(http.MethodGet, own+weak, nil), 400, 10, -1, "OAuthException", "permission")
	wantError(t, b.do(http.MethodGet, "/"+other.ID+"/subscribed_apps"+auth, nil), 400, 100, 33, "GraphMethodException", other.ID)
}
