package meta

import (
	"context"
	"crypto/x509"
	"net/http"
	"time"

	"github.com/evergrant/evergrant"
)

// Verdict gives the tests the table of codes: what a refusal under status means.
func Verdict(status, code, subcode int, message string, transient bool) (evergrant.Class, evergrant.Scope, error) {
	v := classify(status, refusal{code: code, subcode: subcode, message: message, transient: transient})
	return v.class, v.scope, v.cause
}

// Clean gives the tests the cleaning of foreign text.
func Clean(text string, secrets ...evergrant.Secret) string { return clean(text, secrets) }

// UsageIn gives the tests the reading of usage headers.
func UsageIn(h http.Header) evergrant.Usage { return usageIn(h) }

// RetryAfter gives the tests the reading of the Retry-After header.
func RetryAfter(h http.Header, now time.Time) time.Duration { return retryAfter(h, now) }

// JudgeToken judges a body without any network: the token in it, or the failure.
func (c *Client) JudgeToken(status int, body []byte, secrets ...evergrant.Secret) (evergrant.Secret, *evergrant.Failure) {
	var value evergrant.Secret
	f := c.judge(request{endpoint: endpointRefresh, secrets: secrets}, answer{status: status, header: http.Header{}, body: body},
		func(o object) error {
			o, err := payload(o, "access_token")
			if err == nil {
				value, err = tokenIn(o)
			}
			return err
		})
	return value, f
}

// JudgeIdentity does the same for an identity.
func (c *Client) JudgeIdentity(status int, body []byte, secrets ...evergrant.Secret) (who evergrant.Identity, f *evergrant.Failure) {
	f = c.judge(request{endpoint: endpointMe, secrets: secrets}, answer{status: status, header: http.Header{}, body: body},
		func(o object) (err error) {
			who, err = identityIn(o, secrets)
			return err
		})
	return who, f
}

// Trust makes the client's exits believe a test server's certificate.
func Trust(c *Client, cert *x509.Certificate) {
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	for _, e := range c.exits {
		e.transport.TLSClientConfig.RootCAs = pool
	}
}

// A Pace gives the tests the pace of a client.
type Pace struct{ pace }

// NewPace is the pace of a client with these settings.
func NewPace(concurrency int, perSecond float64) Pace { return Pace{newPace(concurrency, perSecond)} }

// Acquire waits for a turn.
func (p Pace) Acquire(ctx context.Context) error { return p.acquire(ctx) }

// Release ends a turn.
func (p Pace) Release() { p.release() }
