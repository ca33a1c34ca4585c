package sim_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/evergrant/evergrant/internal/sim"
)

func TestMeShapes(t *testing.T) {
	b := newBench(t, sim.Config{})
	for _, tt := range []struct {
		shape  sim.Shape
		fields string
		want   []string
	}{
		{sim.ShapeLive, "user_id,username", []string{"id", "user_id", "username"}},
		{sim.ShapeLive, "", []string{"id"}},
		{sim.ShapeDocumented, "user_id,username", []string{"user_id", "username"}},
		{sim.ShapeDocumented, "id, user_id,name,account_type,profile_picture_url,followers_count,follows_count,media_count", []string{
			"account_type", "followers_count", "follows_count", "id", "media_count", "name", "profile_picture_url", "user_id",
		}},
	} {
		t.Run(string(tt.shape)+" "+tt.fields, func(t *testing.T) {
			a := b.account(sim.Account{Shape: tt.shape})
			tok := b.token(sim.TokenSpec{Account: a.ID})
			res := b.get("/me", url.Values{"fields": {tt.fields}, "access_token": {tok.Value}})
			node := map[string]any{}
			if tt.shape == sim.ShapeDocumented {
				var list struct {
					Data []map[string]any `json:"data"`
				}
				res.json(t, &list)
				if len(list.Data) != 1 {
					t.Fatalf("got %s; want data with one element", res.body)
				}
				node = list.Data[0]
			} else {
				res.json(t, &node)
			}
			if got := slices.Sorted(maps.Keys(node)); !slices.Equal(got, tt.want) {
				t.Errorf("got fields %v; want %v", got, tt.want)
			}
			for field, want := range map[string]any{"id": a.AppScopedID, "user_id": a.ID, "username": a.Username, "account_type": "BUSINESS"} {
				if got, ok := node[field]; ok && got != want {
					t.Errorf("%s: got %v; want %v", field, got, want)
				}
			}
		})
	}
}

func TestMePaths(t *testing.T) {
	b := newBench(t, sim.Config{})
	a, other := b.account(sim.Account{}), b.account(sim.Account{})
	tok := b.token(sim.TokenSpec{Account: a.ID}).Value
	bearer := []string{"Authorization", "Bearer " + tok}
	for _, tt := range []struct {
		path   string
		status int
	}{
		{"/me", 200},
		{"/v25.0/me", 200},
		{"/v26.0/" + a.ID, 200},
		{"/" + a.ID + "/", 200},
		{"/v25.0/" + a.AppScopedID, 400},
		{"/v25.0/" + other.ID, 400},
	} {
		if got := b.do(http.MethodGet, tt.path, nil, bearer...); got.status != tt.status {
			t.Errorf("%s: got %d %s; want %d", tt.path, got.status, got.body, tt.status)
		}
	}
	wantError(t, b.do(http.MethodGet, "/v25.0/"+other.ID, nil, bearer...), 400, 100, 33, "GraphMethodException", other.ID)
	for _, path := range []string{"/", "/nothing", "/me/friends", "/v25/me", "/v25.0", "/oauth/other", "/0123"} {
		wantError(t, b.do(http.MethodGet, path, nil, bearer...), 400, 2500, -1, "OAuthException", "Unknown path components: "+path)
	}
}

func TestMeRefusals(t *testing.T) {
	b := newBench(t, sim.Config{})
	tok := b.token(sim.TokenSpec{}).Value
	weak := b.token(sim.TokenSpec{Permissions: []string{sim.ScopeMessages}}).Value
	wantError(t, b.do(http.MethodPost, "/v25.0/me", nil), 400, 100, -1, "IGApiException", "method type: post")
	wantError(t, b.do(http.MethodGet, "/v25.0/me", nil), 400, 2500, -1, "OAuthException", "active access token")
	wantError(t, b.me(weak), 400, 10, -1, "OAuthException", "permission")
	wantError(t, b.get("/me", url.Values{"fields": {"user_id,shoe_size"}, "access_token": {tok}}), 400, 100, -1, "IGApiException", "(shoe_size)")
}

// Clients send GET with a JSON body, and tokens in it.
func TestTokenInBody(t *testing.T) {
	b := newBench(t, sim.Config{})
	tok := b.token(sim.TokenSpec{}).Value
	got := b.do(http.MethodGet, "/me", strings.NewReader(`{"access_token":"`+tok+`","fields":"user_id","other":null}`))
	if got.status != http.StatusOK || !strings.Contains(got.body, "user_id") {
		t.Errorf("got %d %s; want 200 with user_id", got.status, got.body)
	}
	if got := b.do(http.MethodGet, "/me?access_token="+tok, strings.NewReader(" \n")); got.status != http.StatusOK {
		t.Errorf("with a blank body: got %d %s; want 200", got.status, got.body)
	}
}

func TestDeaths(t *testing.T) {
	for _, tt := range []struct {
		reason  sim.Reason
		subcode int
		text    string
	}{
		{sim.PasswordChanged, 460, "changed their password"},
		{sim.AppRemoved, 458, "not authorized application " + sim.DefaultClientID},
		{sim.LoggedOut, 467, "logged out"},
		{sim.Checkpoint, 459, "checkpoint"},
		{sim.Unconfirmed, 464, "not a confirmed user"},
		{sim.Expired, 463, "Session has expired on "},
		{sim.Replaced, -1, "no longer valid"},
	} {
		t.Run(string(tt.reason), func(t *testing.T) {
			b := newBench(t, sim.Config{})
			tok := b.token(sim.TokenSpec{Age: sim.Days(30), Subcode: sim.SubcodePresent})
			if err := b.KillToken(tok.Value, tt.reason); err != nil {
				t.Fatal(err)
			}
			for name, got := range map[string]answer{"refresh": b.refresh(tok.Value), "me": b.me(tok.Value)} {
				t.Run(name, func(t *testing.T) { wantError(t, got, 400, 190, tt.subcode, "OAuthException", tt.text) })
			}
			if n, err := b.ReviveTokens(sim.Selector{Token: tok.Value}); n != 1 || err != nil {
				t.Errorf("ReviveTokens: got %d, %v; want 1, nil", n, err)
			}
			if got := b.me(tok.Value); got.status != http.StatusOK {
				t.Errorf("after revival: got %d; want 200", got.status)
			}
		})
	}
}

// Without a style the seed shows the subcode, shows 0 or leaves it out, but never
// hides that a checkpoint is one.
func TestSubcodeStyles(t *testing.T) {
	b := newBench(t, sim.Config{})
	made, err := b.IssueTokens(sim.TokenSpec{Count: 60, Age: sim.Days(61)})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]int{}
	for _, tok := range made {
		var e errorBody
		b.me(tok.Value).json(t, &e)
		seen[e.subcode()]++
	}
	if len(seen) != 3 || seen[463] == 0 || seen[0] == 0 || seen[-1] == 0 {
		t.Errorf("expired: got subcodes %v; want 463, 0 and none (-1)", seen)
	}
	if _, err := b.KillTokens(sim.Selector{}, sim.Checkpoint); err != nil {
		t.Fatal(err)
	}
	for _, tok := range made {
		wantError(t, b.me(tok.Value), 400, 190, 459, "OAuthException", "checkpoint")
	}
}
