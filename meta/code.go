package meta

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/evergrant/evergrant"
)

// ExchangeCode trades the code of a login for a short-lived token.
//
// It makes one POST to api.instagram.com/oauth/access_token. A code works once
// and for an hour: after an error that is neither NotSent nor Answered, the code
// may be spent, and the owner must log in again. The "#_" that Meta appends to the
// redirect is removed from the code. redirectURI must be the one given to
// [Client.AuthorizeURL].
//
// Meta states no life: the token is taken to live one hour from c.Now() read
// before sending, marked evergrant.FromGuess, unless the answer says up to 24
// hours. AppScopedID is empty and Permissions nil when the answer does not give
// them in a readable form; the token is not lost for that.
//
// Every error is an *evergrant.Failure. Besides its class, it may match
// [ErrCodeUsed] or [ErrNoRole]; both are evergrant.Denied.
//
// Source, read 2026-09:
// https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login
func (c *Client) ExchangeCode(ctx context.Context, code evergrant.Secret, redirectURI string) (evergrant.Issued, error) {
	code = evergrant.NewSecret(strings.TrimSuffix(code.Reveal(), "#_"))
	if f := c.needsApp(endpointCode); f != nil {
		return evergrant.Issued{}, f
	}
	if f := usable(endpointCode, "login code", code); f != nil {
		return evergrant.Issued{}, f
	}
	return c.issue(ctx, request{
		endpoint: endpointCode,
		method:   http.MethodPost,
		address:  at(c.hosts.api, nil, "oauth", "access_token"),
		form: url.Values{
			"client_id":     {c.clientID},
			"client_secret": {c.secret.Reveal()},
			"grant_type":    {"authorization_code"},
			"redirect_uri":  {redirectURI},
			"code":          {code.Reveal()},
		},
		changes: true,
		secrets: []evergrant.Secret{code, c.secret},
	}, evergrant.ShortLived)
}

// needsApp says that the app's pair is missing, before a call that needs it.
func (c *Client) needsApp(endpoint string) *evergrant.Failure {
	if c.clientID == "" {
		return unsent(endpoint, "the Instagram app's client id is not set")
	}
	return usable(endpoint, "client secret", c.secret)
}
