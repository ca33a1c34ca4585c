package sim_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/evergrant/evergrant/internal/sim"
)

var start = time.Date(2027, 1, 15, 10, 0, 0, 0, time.UTC)

// A bench is a simulator behind a real listener, on a clock that stands still.
type bench struct {
	*sim.Server
	t      *testing.T
	url    string
	client *http.Client
}

func newBench(t *testing.T, cfg sim.Config) *bench {
	t.Helper()
	if cfg.Now == nil {
		cfg.Now = func() time.Time { return start }
	}
	s := sim.New(cfg)
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	client := web.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &bench{Server: s, t: t, url: web.URL, client: client}
}

// An answer is a whole HTTP answer.
type answer struct {
	status int
	header http.Header
	body   string
}

// errorBody is Meta's envelope, written down a second time on purpose.
type errorBody struct {
	Error struct {
		Message string `json:"message"`
		Type    string `json:"type"`
		Code    int    `json:"code"`
		Subcode *int   `json:"error_subcode"`
		Trace   string `json:"fbtrace_id"`
	} `json:"error"`
}

func (a answer) json(t *testing.T, v any) {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(a.body))
	dec.UseNumber()
	if err := dec.Decode(v); err != nil {
		t.Fatalf("body %q: %v", a.body, err)
	}
}

// subcode is the subcode, -1 when there is none.
func (e errorBody) subcode() int {
	if e.Error.Subcode == nil {
		return -1
	}
	return *e.Error.Subcode
}

// try makes a call and returns the error of the connection, if any.
func (b *bench) try(method, path string, body io.Reader, header ...string) (answer, error) {
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := b.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	text, err := io.ReadAll(res.Body)
	err = errors.Join(err, res.Body.Close())
	return answer{res.StatusCode, res.Header, string(text)}, err
}

func (b *bench) do(method, path string, body io.Reader, header ...string) answer {
	b.t.Helper()
	a, err := b.try(method, path, body, header...)
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

func (b *bench) get(path string, q url.Values) answer {
	b.t.Helper()
	return b.do(http.MethodGet, path+"?"+q.Encode(), nil)
}

func (b *bench) postForm(path string, form url.Values) answer {
	b.t.Helper()
	return b.do(http.MethodPost, path, strings.NewReader(form.Encode()), "Content-Type", "application/x-www-form-urlencoded")
}

func (b *bench) postJSON(path, body string, header ...string) answer {
	b.t.Helper()
	return b.do(http.MethodPost, path, strings.NewReader(body), append(header, "Content-Type", "application/json")...)
}

func (b *bench) refresh(token string) answer {
	b.t.Helper()
	return b.get("/refresh_access_token", url.Values{"grant_type": {"ig_refresh_token"}, "access_token": {token}})
}

func (b *bench) exchange(token string) answer {
	b.t.Helper()
	return b.get("/access_token", url.Values{
		"grant_type": {"ig_exchange_token"}, "client_secret": {sim.DefaultClientSecret}, "access_token": {token},
	})
}

func (b *bench) me(token string) answer {
	b.t.Helper()
	return b.get("/v25.0/me", url.Values{"fields": {"user_id,username"}, "access_token": {token}})
}

func (b *bench) account(a sim.Account) sim.Account {
	b.t.Helper()
	made, err := b.CreateAccount(a)
	if err != nil {
		b.t.Fatal(err)
	}
	return made
}

func (b *bench) token(spec sim.TokenSpec) sim.TokenInfo {
	b.t.Helper()
	made, err := b.IssueToken(spec)
	if err != nil {
		b.t.Fatal(err)
	}
	return made
}

func (b *bench) fault(f sim.Fault) int {
	b.t.Helper()
	id, err := b.AddFault(f)
	if err != nil {
		b.t.Fatal(err)
	}
	return id
}

// wantError checks an answer against Meta's envelope. A subcode of -1 means that
// the field is missing.
func wantError(t *testing.T, a answer, status, code, subcode int, typ, text string) {
	t.Helper()
	var e errorBody
	a.json(t, &e)
	if a.status != status || e.Error.Code != code || e.subcode() != subcode || e.Error.Type != typ || !strings.Contains(e.Error.Message, text) {
		t.Errorf("got status %d, code %d, subcode %d, type %s, %q; want %d, %d, %d, %s, …%q…",
			a.status, e.Error.Code, e.subcode(), e.Error.Type, e.Error.Message, status, code, subcode, typ, text)
	}
	if e.Error.Trace == "" || e.Error.Trace != a.header.Get("X-Fb-Trace-Id") {
		t.Errorf("trace id: got %q in the body, %q in the header; want the same, not empty", e.Error.Trace, a.header.Get("X-Fb-Trace-Id"))
	}
}

type tokenBody struct {
	AccessToken string       `json:"access_token"`
	TokenType   string       `json:"token_type"`
	ExpiresIn   *json.Number `json:"expires_in"`
}

// wantToken checks an answer that hands out a long-lived token and returns it.
func wantToken(t *testing.T, a answer) tokenBody {
	t.Helper()
	var got tokenBody
	a.json(t, &got)
	if a.status != http.StatusOK || got.AccessToken == "" || got.TokenType != "bearer" || got.ExpiresIn == nil {
		t.Fatalf("got status %d, %s; want 200 with access_token, token_type bearer and expires_in", a.status, a.body)
	}
	life, err := got.ExpiresIn.Int64()
	if err != nil || life <= 5183000 || life > 5184000 {
		t.Errorf("expires_in: got %v; want a whole number just under 5184000", *got.ExpiresIn)
	}
	return got
}
