package meta_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/meta"
)

// The secrets of the tests are made of words, so that none looks like a real one.
const (
	clientID = "1234567890"
	redirect = "http://localhost:8420/oauth/instagram/callback"
)

var (
	clientSecret = evergrant.NewSecret("planted-client-secret-0123456789")
	token        = evergrant.NewSecret("planted-access-token-abcdefghijklmnopqrstuvwxyz")
	code         = evergrant.NewSecret("planted-login-code-abcdefghijklmnopqrstuvwxyz")
)

var start = time.Date(2026, 9, 1, 10, 0, 0, 123456789, time.UTC)

func fixedNow() time.Time { return start }

// newClient returns a client of the server at base, with a clock that stands still.
func newClient(t testing.TB, base string, change ...func(*meta.Config)) *meta.Client {
	t.Helper()
	c := meta.Config{
		ClientID: clientID, ClientSecret: clientSecret,
		AuthorizeURL: base + "/oauth/authorize", APIURL: base, GraphURL: base,
		Now: fixedNow, Rate: -1, UserAgent: "evergrant/test",
	}
	for _, f := range change {
		f(&c)
	}
	client, err := meta.New(c)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// seen is a request as a server saw it.
type seen struct {
	method, path string
	query, form  url.Values
	header       http.Header
	encoding     []string
	body         string
}

// A recorder is a server that gives one answer and keeps what it saw.
type recorder struct {
	*httptest.Server
	mu   sync.Mutex
	seen []seen
}

func newRecorder(t testing.TB, status int, header http.Header, body string) *recorder {
	t.Helper()
	r := &recorder{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		raw, err := io.ReadAll(req.Body)
		if err != nil {
			t.Errorf("read the request: %v", err)
		}
		form, err := url.ParseQuery(string(raw))
		if err != nil {
			t.Errorf("parse the form: %v", err)
		}
		r.mu.Lock()
		r.seen = append(r.seen, seen{req.Method, req.URL.Path, req.URL.Query(), form, req.Header, req.TransferEncoding, string(raw)})
		r.mu.Unlock()
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(r.Close)
	return r
}

// only returns the one request that the server must have seen.
func (r *recorder) only(t *testing.T) seen {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.seen) != 1 {
		t.Fatalf("got %d requests; want 1", len(r.seen))
	}
	return r.seen[0]
}

func (r *recorder) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.seen)
}

// An operation is one of the client's calls, reduced to its error.
type operation struct {
	name string
	run  func(context.Context, *meta.Client) error
}

func operations() []operation {
	return []operation{
		{"code", func(ctx context.Context, c *meta.Client) error {
			_, err := c.ExchangeCode(ctx, code, redirect)
			return err
		}},
		{"exchange", func(ctx context.Context, c *meta.Client) error {
			_, err := c.Exchange(ctx, token)
			return err
		}},
		{"refresh", func(ctx context.Context, c *meta.Client) error {
			_, err := c.Refresh(ctx, token)
			return err
		}},
		{"me", func(ctx context.Context, c *meta.Client) error {
			_, err := c.Identify(ctx, token)
			return err
		}},
		{"subscribe", func(ctx context.Context, c *meta.Client) error {
			return c.Subscribe(ctx, token, "17841400000000000", []string{"messages"})
		}},
	}
}

// failure returns the *evergrant.Failure in err.
func failure(t testing.TB, err error) *evergrant.Failure {
	t.Helper()
	var f *evergrant.Failure
	if !errors.As(err, &f) {
		t.Fatalf("got error %v; want a *evergrant.Failure", err)
	}
	return f
}

// leaks reports which planted secret stands in text.
func leaks(text string) string {
	for _, s := range []evergrant.Secret{clientSecret, token, code} {
		if strings.Contains(text, s.Reveal()) || strings.Contains(text, s.Reveal()[:20]) {
			return s.Reveal()
		}
	}
	return ""
}
