package meta

import (
	"context"
	"net/http"
	"net/url"

	"github.com/evergrant/evergrant"
)

// Exchange trades a short-lived token for a long-lived one.
//
// It makes one GET to graph.instagram.com/access_token and never repeats it. It
// returns when ctx ends or after [Client.MaxCall]. An expired short-lived token
// cannot be exchanged.
//
// The life is Meta's expires_in when that is between 1 and 120 days, counted from
// c.Now() read before sending; else 60 days, marked evergrant.FromGuess.
//
// Every error is an *evergrant.Failure. Class AppWide with code 100 "Unsupported
// request" also means, during a login, an account that has no role on an app with
// Standard Access: the person at the screen should hear that.
//
// Source, read 2026-09:
// https://developers.facebook.com/docs/instagram-platform/reference/access_token
func (c *Client) Exchange(ctx context.Context, token evergrant.Secret) (evergrant.Issued, error) {
	if f := usable(endpointExchange, "client secret", c.secret); f != nil {
		return evergrant.Issued{}, f
	}
	return c.trade(ctx, endpointExchange, token, "access_token", url.Values{
		"grant_type":    {"ig_exchange_token"},
		"client_secret": {c.secret.Reveal()},
	})
}

// Refresh extends a long-lived token by about 60 days.
//
// It makes one GET to graph.instagram.com/refresh_access_token and never repeats
// it: that is the queue's work. It returns when ctx ends or after
// [Client.MaxCall]. Meta refreshes tokens that are at least 24 hours old and not
// expired, and does not say what it answers otherwise. The value may or may not
// change; what happens to the old one is not documented.
//
// The life is Meta's expires_in when that is between 1 and 120 days, counted from
// c.Now() read before sending; else 60 days, marked evergrant.FromGuess.
//
// Every error is an *evergrant.Failure. After one that is neither NotSent nor
// Answered, Meta may have acted. Repeating the call with the old token is then
// safe as far as anybody has seen.
//
// Source, read 2026-09:
// https://developers.facebook.com/docs/instagram-platform/reference/refresh_access_token
func (c *Client) Refresh(ctx context.Context, token evergrant.Secret) (evergrant.Issued, error) {
	return c.trade(ctx, endpointRefresh, token, "refresh_access_token", url.Values{
		"grant_type": {"ig_refresh_token"},
	})
}

// trade gives a token to path and gets a long-lived one.
func (c *Client) trade(ctx context.Context, endpoint string, token evergrant.Secret, path string, query url.Values) (evergrant.Issued, error) {
	if f := usable(endpoint, "token", token); f != nil {
		return evergrant.Issued{}, f
	}
	query.Set("access_token", token.Reveal())
	c.prove(query, token)
	issued, err := c.issue(ctx, request{
		endpoint: endpoint,
		method:   http.MethodGet,
		address:  at(c.hosts.graph, query, path),
		changes:  true,
		secrets:  []evergrant.Secret{token, c.secret},
	}, evergrant.LongLived)
	// Only a login says whose token it is and what was granted.
	issued.AppScopedID, issued.Permissions = "", nil
	return issued, err
}
