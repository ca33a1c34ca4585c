package meta_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/meta"
)

// The bodies are those of Meta's pages and of clients' recordings, with other tokens.
const (
	listedCode = `{"data":[{"access_token":"short-token","user_id":"1020304050607080901","permissions":"instagram_business_basic,instagram_business_manage_messages"}]}`
	flatCode   = `{"access_token":"short-token","user_id":27640875392278831,"permissions":["instagram_business_basic","instagram_business_manage_messages"]}`
	longToken  = `{"access_token":"long-token","token_type":"bearer","expires_in":5183944}`
)

func TestExchangeCode(t *testing.T) {
	permissions := []string{"instagram_business_basic", "instagram_business_manage_messages"}
	for _, tt := range []struct {
		name, body, code, wantID string
		wantPermissions          []string
	}{
		{"as documented", listedCode, code.Reveal(), "1020304050607080901", permissions},
		{"as seen", flatCode, code.Reveal(), "27640875392278831", permissions},
		{"with the suffix of the redirect", flatCode, code.Reveal() + "#_", "27640875392278831", permissions},
		{"id of a wrong type", `{"access_token":"short-token","user_id":{"a":1},"permissions":7}`, code.Reveal(), "", nil},
		{"id as a float", `{"access_token":"short-token","user_id":2.7640875392278831e16}`, code.Reveal(), "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := newRecorder(t, http.StatusOK, nil, tt.body)
			got, err := newClient(t, srv.URL).ExchangeCode(t.Context(), evergrant.NewSecret(tt.code), redirect)
			if err != nil {
				t.Fatalf("ExchangeCode: %v", err)
			}
			issued := start.Truncate(time.Millisecond)
			if got.Token.Value.Reveal() != "short-token" || got.Token.Kind != evergrant.ShortLived ||
				!got.Token.IssuedAt.Equal(issued) || !got.Token.ExpiresAt.Equal(issued.Add(time.Hour)) || got.Token.Source != evergrant.FromGuess {
				t.Errorf("got token %+v; want short-token, an hour from %v, assumed", got.Token, issued)
			}
			if got.AppScopedID != tt.wantID || !slices.Equal(got.Permissions, tt.wantPermissions) {
				t.Errorf("got id %q and permissions %q; want %q and %q", got.AppScopedID, got.Permissions, tt.wantID, tt.wantPermissions)
			}
			req := srv.only(t)
			if req.method != http.MethodPost || req.path != "/oauth/access_token" || len(req.query) != 0 {
				t.Errorf("got %s %s?%s; want POST /oauth/access_token without a query", req.method, req.path, req.query.Encode())
			}
			for field, want := range map[string]string{
				"client_id": clientID, "client_secret": clientSecret.Reveal(), "grant_type": "authorization_code",
				"redirect_uri": redirect, "code": code.Reveal(),
			} {
				if got := req.form.Get(field); got != want {
					t.Errorf("form field %s: got %q; want %q", field, got, want)
				}
			}
			if len(req.form) != 5 {
				t.Errorf("got form %v; want five fields", req.form)
			}
			checkHeader(t, req, "Content-Type", "application/x-www-form-urlencoded")
			checkHeader(t, req, "User-Agent", "evergrant/test")
		})
	}
}

func TestTokenCalls(t *testing.T) {
	for _, tt := range []struct {
		name, op, path string
		query          map[string]string
	}{
		{"exchange", "exchange", "/access_token", map[string]string{
			"grant_type": "ig_exchange_token", "client_secret": clientSecret.Reveal(), "access_token": token.Reveal(),
		}},
		{"refresh", "refresh", "/refresh_access_token", map[string]string{
			"grant_type": "ig_refresh_token", "access_token": token.Reveal(),
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := newRecorder(t, http.StatusOK, http.Header{"X-App-Usage": {`{"call_count":12,"total_time":25,"total_cputime":3}`}}, longToken)
			client := newClient(t, srv.URL+"/prefix/")
			call := client.Exchange
			if tt.op == "refresh" {
				call = client.Refresh
			}
			got, err := call(t.Context(), token)
			if err != nil {
				t.Fatalf("%s: %v", tt.op, err)
			}
			issued := start.Truncate(time.Millisecond)
			want := evergrant.Token{
				Value: got.Token.Value, Kind: evergrant.LongLived, IssuedAt: issued,
				ExpiresAt: issued.Add(5183944 * time.Second), Source: evergrant.FromProvider,
			}
			if got.Token != want || got.Token.Value.Reveal() != "long-token" {
				t.Errorf("got token %+v; want %+v", got.Token, want)
			}
			if got.Usage.App != 25 {
				t.Errorf("got app usage %v; want 25", got.Usage.App)
			}
			req := srv.only(t)
			if req.method != http.MethodGet || req.path != "/prefix"+tt.path {
				t.Errorf("got %s %s; want GET /prefix%s", req.method, req.path, tt.path)
			}
			if req.body != "" || len(req.encoding) != 0 || req.header.Get("Content-Length") != "" {
				t.Errorf("got body %q, encoding %v; want a bare GET", req.body, req.encoding)
			}
			for field, want := range tt.query {
				if got := req.query.Get(field); got != want {
					t.Errorf("parameter %s: got %q; want %q", field, got, want)
				}
			}
			if len(req.query) != len(tt.query) {
				t.Errorf("got parameters %v; want only %v", req.query, tt.query)
			}
			checkHeader(t, req, "Authorization", "")
		})
	}
}

func TestIdentify(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		want       evergrant.Identity
	}{
		{
			"as documented", `{"data":[{"user_id":"17841400000000000","username":"acme"}]}`,
			evergrant.Identity{AccountID: "17841400000000000", Username: "acme"},
		},
		{
			"as seen", `{"user_id":"17841400000000000","username":"acme","name":"Acme","account_type":"BUSINESS","id":"27640875392278831"}`,
			evergrant.Identity{AccountID: "17841400000000000", AppScopedID: "27640875392278831", Username: "acme", Name: "Acme", AccountType: "BUSINESS"},
		},
		{
			"ids as numbers", `{"user_id":17841400000000001,"id":27640875392278831}`,
			evergrant.Identity{AccountID: "17841400000000001", AppScopedID: "27640875392278831"},
		},
		{
			"a name over two lines", "{\"username\":\"ac\\u0000me\",\"name\":\"A\\ncme\\u202e\"}",
			evergrant.Identity{Username: "acme", Name: "A cme"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := newRecorder(t, http.StatusOK, nil, tt.body)
			got, err := newClient(t, srv.URL).Identify(t.Context(), token)
			if err != nil || got != tt.want {
				t.Errorf("Identify = %+v, %v; want %+v", got, err, tt.want)
			}
			req := srv.only(t)
			if req.method != http.MethodGet || req.path != "/v25.0/me" {
				t.Errorf("got %s %s; want GET /v25.0/me", req.method, req.path)
			}
			if got, want := req.query.Encode(), "fields=user_id%2Cusername%2Cname%2Caccount_type"; got != want {
				t.Errorf("got query %q; want %q", got, want)
			}
			checkHeader(t, req, "Authorization", "Bearer "+token.Reveal())
			checkHeader(t, req, "Accept", "application/json")
		})
	}
}

func TestSubscribe(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		ok         bool
	}{
		{"success", `{"success":true}`, true},
		{"success as text", `{"success":"true"}`, true},
		{"listed", `{"data":[{"success":true}]}`, true},
		{"no success", `{"success":false}`, false},
		{"nothing said", `{}`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := newRecorder(t, http.StatusOK, nil, tt.body)
			err := newClient(t, srv.URL).Subscribe(t.Context(), token, "17841400000000000", []string{"messages", "comments"})
			if (err == nil) != tt.ok {
				t.Errorf("got error %v; want success %v", err, tt.ok)
			}
			req := srv.only(t)
			if req.method != http.MethodPost || req.path != "/v25.0/17841400000000000/subscribed_apps" {
				t.Errorf("got %s %s; want POST /v25.0/17841400000000000/subscribed_apps", req.method, req.path)
			}
			if got, want := req.query.Encode(), "subscribed_fields=messages%2Ccomments"; got != want {
				t.Errorf("got query %q; want %q", got, want)
			}
			checkHeader(t, req, "Authorization", "Bearer "+token.Reveal())
		})
	}
}

func TestSubscribeToNothing(t *testing.T) {
	srv := newRecorder(t, http.StatusOK, nil, `{"success":true}`)
	if err := newClient(t, srv.URL).Subscribe(t.Context(), token, "17841400000000000", nil); err != nil || srv.count() != 0 {
		t.Errorf("got error %v after %d calls; want none", err, srv.count())
	}
}

func TestSubscribeNeedsAnAccount(t *testing.T) {
	srv := newRecorder(t, http.StatusOK, nil, `{"success":true}`)
	for _, id := range []string{"", "..", "1/2", "me?x=1"} {
		f := failure(t, newClient(t, srv.URL).Subscribe(t.Context(), token, id, []string{"messages"}))
		if !f.NotSent || f.Class != evergrant.Transient || srv.count() != 0 {
			t.Errorf("account %q: got %+v after %d calls; want an unsent transient failure", id, f, srv.count())
		}
	}
}

func TestGraphVersion(t *testing.T) {
	srv := newRecorder(t, http.StatusOK, nil, `{"id":"1"}`)
	client := newClient(t, srv.URL, func(c *meta.Config) { c.GraphVersion = "v26.0" })
	if _, err := client.Identify(t.Context(), token); err != nil {
		t.Fatalf("Identify: %v", err)
	}
	if got := srv.only(t).path; got != "/v26.0/me" {
		t.Errorf("got path %s; want /v26.0/me", got)
	}
}

func checkHeader(t *testing.T, req seen, name, want string) {
	t.Helper()
	if got := req.header.Get(name); got != want {
		t.Errorf("header %s: got %q; want %q", name, got, want)
	}
}
