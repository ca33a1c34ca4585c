package sim_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/evergrant/evergrant/internal/sim"
)

func loginQuery() url.Values {
	return url.Values{
		"client_id": {sim.DefaultClientID}, "redirect_uri": {callback}, "response_type": {"code"},
		"scope": {bothScopes}, "state": {"a&b#c"}, "force_reauth": {"true"},
	}
}

func TestAuthorizePage(t *testing.T) {
	b := newBench(t, sim.Config{})
	if got := b.get("/oauth/authorize", loginQuery()); !strings.Contains(got.body, "no accounts yet") {
		t.Errorf("without accounts: got %s; want a hint", got.body)
	}
	a := b.account(sim.Account{Username: "b<i>"})
	if _, err := b.CreateAccounts(sim.AccountSpec{Count: 60}); err != nil {
		t.Fatal(err)
	}
	got := b.get("/oauth/authorize", loginQuery())
	if got.status != http.StatusOK || !strings.HasPrefix(got.header.Get("Content-Type"), "text/html") {
		t.Fatalf("got %d %s; want a web page", got.status, got.header.Get("Content-Type"))
	}
	for _, want := range []string{
		`value="` + a.ID + `"`, "b&lt;i&gt;", "and 11 more", `name="grant" value="` + sim.ScopeMessages + `"`,
		`value="a&amp;b#c"`, `name="decision" value="deny"`,
	} {
		if !strings.Contains(got.body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}

func TestAuthorizeRefusesRequest(t *testing.T) {
	b := newBench(t, sim.Config{App: sim.App{RedirectURIs: []string{callback}}})
	for _, tt := range []struct{ name, field, value, want string }{
		{"client", "client_id", "1", "Invalid platform app"},
		{"redirect with a slash", "redirect_uri", callback + "/", "Invalid redirect_uri"},
		{"response type", "response_type", "token", "Invalid response_type"},
		{"no basic scope", "scope", sim.ScopeMessages, "Invalid scope"},
		{"retired scope", "scope", sim.ScopeBasic + ",business_basic", "Invalid Scopes: business_basic"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q := loginQuery()
			q.Set(tt.field, tt.value)
			for _, got := range []answer{b.get("/oauth/authorize", q), b.postForm("/oauth/authorize", q)} {
				if got.status != http.StatusBadRequest || !strings.Contains(got.body, tt.want) || got.header.Get("Location") != "" {
					t.Errorf("got %d, location %q, %s; want a page with %q and no redirect", got.status, got.header.Get("Location"), got.body, tt.want)
				}
			}
		})
	}
	if got := b.do(http.MethodPut, "/oauth/authorize?"+loginQuery().Encode(), nil); got.status != http.StatusBadRequest {
		t.Errorf("put: got %d; want 400", got.status)
	}
	t.Run("unregistered, when none is", func(t *testing.T) {
		b := newBench(t, sim.Config{})
		q := loginQuery()
		q.Set("redirect_uri", "javascript:alert(1)")
		if got := b.get("/oauth/authorize", q); got.status != http.StatusBadRequest {
			t.Errorf("got %d; want 400: only web addresses will do", got.status)
		}
	})
}

// location returns where an answer redirects to, with its fragment.
func location(t *testing.T, a answer) *url.URL {
	t.Helper()
	if a.status != http.StatusFound {
		t.Fatalf("got %d %s; want 302", a.status, a.body)
	}
	u, err := url.Parse(a.header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// A whole login, with one permission fewer than asked.
func TestAuthorizeAllow(t *testing.T) {
	b := newBench(t, sim.Config{})
	a := b.account(sim.Account{Username: "acme", Shape: sim.ShapeLive})
	form := loginQuery()
	form.Set("decision", "allow")
	form.Set("account", "whatever")
	form.Set("other", "acme")
	form["grant"] = []string{sim.ScopeBasic, sim.ScopeBasic, "never_asked_for"}
	res := b.postForm("/oauth/authorize", form)
	if !strings.HasSuffix(res.header.Get("Location"), "#_") {
		t.Errorf("location %q; want the suffix #_", res.header.Get("Location"))
	}
	q := location(t, res).Query()
	if q.Get("state") != "a&b#c" {
		t.Errorf("state: got %q; want it unchanged", q.Get("state"))
	}
	var got struct {
		AccessToken string   `json:"access_token"`
		Permissions []string `json:"permissions"`
	}
	b.postForm("/oauth/access_token", codeForm(q.Get("code"))).json(t, &got)
	if strings.Join(got.Permissions, ",") != sim.ScopeBasic {
		t.Errorf("got permissions %v; want only what was granted", got.Permissions)
	}
	long := wantToken(t, b.exchange(got.AccessToken))
	if info, _ := b.Token(long.AccessToken); info.Account != a.ID {
		t.Errorf("got account %s; want %s", info.Account, a.ID)
	}
}

func TestAuthorizeDeny(t *testing.T) {
	for _, tt := range []struct {
		name  string
		app   sim.App
		state string
	}{
		{"with state", sim.App{}, "a&b#c"},
		{"as in the sample", sim.App{RefusalOmitsState: true}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, sim.Config{App: tt.app})
			form := loginQuery()
			form.Set("redirect_uri", callback+"?tenant=1")
			form.Set("decision", "deny")
			u := location(t, b.postForm("/oauth/authorize", form))
			q := u.Query()
			if q.Get("error") != "access_denied" || q.Get("error_reason") != "user_denied" || q.Get("error_description") != "The user denied your request" ||
				q.Get("state") != tt.state || q.Has("code") || q.Get("tenant") != "1" {
				t.Errorf("got %s; want the documented refusal with state %q", u, tt.state)
			}
		})
	}
}

// The radio button counts when no other name is typed, and an app without state
// gets none.
func TestAuthorizeChosenFromTheList(t *testing.T) {
	b := newBench(t, sim.Config{})
	a := b.account(sim.Account{})
	form := loginQuery()
	form.Del("state")
	form.Set("decision", "allow")
	form.Set("account", a.ID)
	form.Set("grant", sim.ScopeBasic)
	q := location(t, b.postForm("/oauth/authorize", form)).Query()
	if q.Has("state") {
		t.Errorf("got state %q; want none", q.Get("state"))
	}
	if got := b.postForm("/oauth/access_token", codeForm(q.Get("code"))); got.status != http.StatusOK || !strings.Contains(got.body, a.AppScopedID) {
		t.Errorf("got %d %s; want a token of %s", got.status, got.body, a.AppScopedID)
	}
}

func TestAuthorizeUnknownAccount(t *testing.T) {
	b := newBench(t, sim.Config{})
	form := loginQuery()
	form.Set("decision", "allow")
	form.Set("other", "nobody")
	if got := b.postForm("/oauth/authorize", form); got.status != http.StatusBadRequest || !strings.Contains(got.body, "no account of this name") {
		t.Errorf("got %d %s; want a page that says so", got.status, got.body)
	}
}
