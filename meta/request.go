package meta

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/evergrant/evergrant"
)

// The names of the calls, as failures, metrics and logs show them.
const (
	endpointCode      = "code"
	endpointExchange  = "exchange"
	endpointRefresh   = "refresh"
	endpointMe        = "me"
	endpointSubscribe = "subscribe"
)

// A request is one call to be made.
type request struct {
	endpoint string
	method   string
	address  string // with query; holds secrets on some calls
	form     url.Values
	bearer   evergrant.Secret
	changes  bool               // it changes something at Meta: it must not be sent twice
	secrets  []evergrant.Secret // what must not show up in anything that is printed
}

// build makes the HTTP request for one attempt. It refuses nothing that New and
// usable have let through, short of a bug.
func (r request) build(ctx context.Context, agent string) (*http.Request, error) {
	var body io.Reader
	switch {
	case r.form != nil:
		// net/http never repeats a POST of which a byte was written.
		body = strings.NewReader(r.form.Encode())
	case r.changes && r.method == http.MethodGet:
		body = once{}
	}
	req, err := http.NewRequestWithContext(ctx, r.method, r.address, body)
	if err != nil {
		return nil, fmt.Errorf("build the request: %w", err)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", agent)
	if r.form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if !r.bearer.Empty() {
		req.Header.Set("Authorization", "Bearer "+r.bearer.Reveal())
	}
	return req, nil
}

// once is an empty body that makes a GET leave at most once.
//
// net/http repeats a GET by itself when a reused connection dies before the
// answer: it takes every GET for free of effects. Meta's exchange and refresh are
// GETs that issue tokens. A request whose body is neither nil nor http.NoBody and
// that has no GetBody is not replayable (Request.isReplayable), so it is left
// alone. On the wire nothing changes: HTTP/1.1 probes the body, finds it empty and
// sends none; HTTP/2 ends the stream with an empty frame.
type once struct{}

func (once) Read([]byte) (int, error) { return 0, io.EOF }
func (once) Close() error             { return nil }

var tokenForm = regexp.MustCompile(`^[\x21-\x7e]+$`)

// usable says why a secret cannot be sent, as a failure that was not sent. What
// is stored wrongly or opened with a wrong key is no verdict on the channel.
func usable(endpoint, name string, s evergrant.Secret) *evergrant.Failure {
	switch {
	case s.Empty():
		return unsent(endpoint, "there is no "+name+" to send: check the settings and the stored channel")
	case len(s.Reveal()) > maxTokenBytes || !tokenForm.MatchString(s.Reveal()):
		return unsent(endpoint, "the "+name+" is not printable ASCII of sensible length: check the sealing key, the settings and the import")
	}
	return nil
}

// unsent is a failure found before anything was sent, by our own fault.
func unsent(endpoint, message string) *evergrant.Failure {
	return &evergrant.Failure{
		Class: evergrant.AppWide, Scope: evergrant.ScopeApp,
		Endpoint: endpoint, Message: message, NotSent: true,
	}
}
