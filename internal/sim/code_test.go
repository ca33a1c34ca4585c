package sim_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evergrant/evergrant/internal/sim"
)

const callback = "https://app.example/callback"

func (b *bench) code(account string) string {
	b.t.Helper()
	v, err := b.IssueCode(sim.CodeSpec{Account: account, RedirectURI: callback})
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

func codeForm(code string) url.Values {
	return url.Values{
		"client_id": {sim.DefaultClientID}, "client_secret": {sim.DefaultClientSecret},
		"grant_type": {"authorization_code"}, "redirect_uri": {callback}, "code": {code},
	}
}

const bothScopes = sim.ScopeBasic + "," + sim.ScopeMessages

func TestCodeShapes(t *testing.T) {
	b := newBench(t, sim.Config{})
	t.Run("documented", func(t *testing.T) {
		a := b.account(sim.Account{Shape: sim.ShapeDocumented})
		var got struct {
			Data []struct {
				AccessToken string `json:"access_token"`
				UserID      string `json:"user_id"`
				Permissions string `json:"permissions"`
			} `json:"data"`
		}
		b.postForm("/oauth/access_token", codeForm(b.code(a.ID))).json(t, &got)
		if len(got.Data) != 1 || got.Data[0].UserID != a.AppScopedID || got.Data[0].Permissions != bothScopes {
			t.Fatalf("got %+v; want one element for %s", got, a.AppScopedID)
		}
		tok, ok := b.Token(got.Data[0].AccessToken)
		if !ok || tok.Kind != sim.Short || !tok.ExpiresAt.Equal(start.Add(time.Hour)) {
			t.Errorf("got %+v; want a short token for one hour", tok)
		}
	})
	t.Run("live", func(t *testing.T) {
		a := b.account(sim.Account{Shape: sim.ShapeLive})
		var got struct {
			AccessToken string      `json:"access_token"`
			UserID      json.Number `json:"user_id"`
			Permissions []string    `json:"permissions"`
		}
		res := b.postForm("/oauth/access_token", codeForm(b.code(a.ID)))
		res.json(t, &got)
		if got.AccessToken == "" || strings.Join(got.Permissions, ",") != bothScopes {
			t.Errorf("got %+v; want a token and both permissions", got)
		}
		if !strings.Contains(res.body, `"user_id":`+a.AppScopedID) {
			t.Errorf("got %s; want user_id as the bare number %s", res.body, a.AppScopedID)
		}
		if f, err := got.UserID.Float64(); err != nil || json.Number(a.AppScopedID) == json.Number(big(f)) {
			t.Errorf("user_id %s survives a float64; want one that does not", got.UserID)
		}
	})
	t.Run("the seed mixes them", func(t *testing.T) {
		forms := map[string]bool{}
		for range 40 {
			a := b.account(sim.Account{})
			var got any
			b.postForm("/oauth/access_token", codeForm(b.code(a.ID))).json(t, &got)
			forms[form(got)] = true
		}
		if len(forms) != 8 {
			t.Errorf("got forms %v; want all 8", slices.Sorted(maps.Keys(forms)))
		}
	})
}

func big(f float64) string {
	text, _ := json.Marshal(int64(f))
	return string(text)
}

// form describes the shape of a code answer.
func form(v any) string {
	node, shape := v.(map[string]any), "flat"
	if list, ok := node["data"].([]any); ok {
		node, shape = list[0].(map[string]any), "data"
	}
	if _, ok := node["user_id"].(json.Number); ok {
		shape += " number"
	}
	if _, ok := node["permissions"].([]any); ok {
		shape += " list"
	}
	return shape
}

func TestCodeEncodings(t *testing.T) {
	b := newBench(t, sim.Config{})
	a := b.account(sim.Account{})
	t.Run("query", func(t *testing.T) {
		if got := b.do(http.MethodPost, "/oauth/access_token?"+codeForm(b.code(a.ID)).Encode(), nil); got.status != http.StatusOK {
			t.Errorf("got %d %s; want 200", got.status, got.body)
		}
	})
	t.Run("multipart", func(t *testing.T) {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		for k, v := range codeForm(b.code(a.ID)) {
			if err := w.WriteField(k, v[0]); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got := b.do(http.MethodPost, "/oauth/access_token", &body, "Content-Type", w.FormDataContentType()); got.status != http.StatusOK {
			t.Errorf("got %d %s; want 200", got.status, got.body)
		}
	})
	t.Run("no content type", func(t *testing.T) {
		if got := b.do(http.MethodPost, "/oauth/access_token", strings.NewReader(codeForm(b.code(a.ID)).Encode())); got.status != http.StatusOK {
			t.Errorf("got %d %s; want 200", got.status, got.body)
		}
	})
	for _, tt := range []struct{ name, contentType, body string }{
		{"broken multipart", "multipart/form-data; boundary=x", "nonsense"},
		{"broken JSON", "application/json", "{"},
		{"broken form", "application/x-www-form-urlencoded", "a=%zz"},
		{"other type", "text/csv", "a,b"},
		{"too large", "application/json", strings.Repeat(" ", 1<<20) + "{}"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := b.do(http.MethodPost, "/oauth/access_token", strings.NewReader(tt.body), "Content-Type", tt.contentType)
			wantError(t, got, 400, 100, -1, "OAuthException", "request body")
		})
	}
}

func TestCodeRefusals(t *testing.T) {
	b := newBench(t, sim.Config{})
	a := b.account(sim.Account{})
	stranger := b.account(sim.Account{RefusedAt: sim.Code})
	used := b.code(a.ID)
	if got := b.postForm("/oauth/access_token", codeForm(used)); got.status != http.StatusOK {
		t.Fatalf("first use: got %d %s", got.status, got.body)
	}
	with := func(name, value string) url.Values {
		f := codeForm(b.code(a.ID))
		f.Set(name, value)
		return f
	}
	for _, tt := range []struct {
		name string
		form url.Values
		want string
	}{
		{"used", codeForm(used), "Matching code was not found or was already used"},
		{"unknown", codeForm("AQB"), "Matching code was not found or was already used"},
		{"with the suffix of the redirect", codeForm(b.code(a.ID) + "#_"), "Matching code was not found or was already used"},
		{"client id", with("client_id", "1"), "Invalid platform app"},
		{"client secret", with("client_secret", "wrong"), "Invalid platform app"},
		{"grant type", with("grant_type", "x"), "Invalid grant_type: x"},
		{"redirect uri", with("redirect_uri", callback+"/"), "redirect_uri is identical"},
		{"no role", codeForm(b.code(stranger.ID)), "Insufficient developer role"},
	} {
		t.Run(tt.name, func(t *testing.T) { wantFlat(t, b.postForm("/oauth/access_token", tt.form), tt.want) })
	}
	t.Run("a refusal does not use the code up", func(t *testing.T) {
		f := with("client_secret", "wrong")
		wantFlat(t, b.postForm("/oauth/access_token", f), "Invalid platform app")
		f.Set("client_secret", sim.DefaultClientSecret)
		if got := b.postForm("/oauth/access_token", f); got.status != http.StatusOK {
			t.Errorf("got %d %s; want 200", got.status, got.body)
		}
	})
	t.Run("expired", func(t *testing.T) {
		f := codeForm(b.code(a.ID))
		b.Advance(time.Hour)
		wantFlat(t, b.postForm("/oauth/access_token", f), "expired")
	})
	t.Run("get", func(t *testing.T) {
		wantError(t, b.get("/oauth/access_token", nil), 400, 100, -1, "IGApiException", "method type: get")
	})
}

// wantFlat checks the error shape of the code exchange.
func wantFlat(t *testing.T, a answer, text string) {
	t.Helper()
	var got map[string]any
	a.json(t, &got)
	message, _ := got["error_message"].(string)
	if a.status != http.StatusBadRequest || len(got) != 3 || got["error_type"] != "OAuthException" || got["code"] != json.Number("400") || !strings.Contains(message, text) {
		t.Errorf("got %d %s; want 400, OAuthException, …%q…", a.status, a.body, text)
	}
}

func TestIssueCodeErrors(t *testing.T) {
	b := newBench(t, sim.Config{App: sim.App{RedirectURIs: []string{callback}}})
	a := b.account(sim.Account{})
	for _, spec := range []sim.CodeSpec{
		{Account: "nobody", RedirectURI: callback},
		{Account: a.ID, RedirectURI: callback + "/"},
	} {
		if _, err := b.IssueCode(spec); err == nil {
			t.Errorf("IssueCode(%+v): got no error; want one", spec)
		}
	}
}
