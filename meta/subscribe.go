package meta

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/evergrant/evergrant"
)

// Subscribe asks for webhook events of the account. It may be repeated, and
// should be after each login. Without fields it does nothing and calls nobody.
//
// It makes one POST to graph.instagram.com/{version}/{accountID}/subscribed_apps
// with the token in the Authorization header. accountID is the account's IG_ID,
// [evergrant.Identity].AccountID. Only an answer that says success is a success.
//
// Every error is an *evergrant.Failure.
//
// Source, read 2026-09: https://developers.facebook.com/docs/instagram-platform/webhooks
func (c *Client) Subscribe(ctx context.Context, token evergrant.Secret, accountID string, fields []string) error {
	if len(fields) == 0 {
		return nil
	}
	if f := usable(endpointSubscribe, "token", token); f != nil {
		return f
	}
	if !validID(accountID) {
		f := unsent(endpointSubscribe, "the account id is missing or not made of letters and digits: identify the channel first")
		f.Class, f.Scope = evergrant.Transient, evergrant.ScopeChannel
		return f
	}
	query := url.Values{"subscribed_fields": {strings.Join(fields, ",")}}
	c.prove(query, token)
	_, err := c.call(ctx, request{
		endpoint: endpointSubscribe,
		method:   http.MethodPost,
		address:  at(c.hosts.graph, query, c.version, accountID, "subscribed_apps"),
		bearer:   token,
		changes:  true,
		secrets:  []evergrant.Secret{token, c.secret},
	}, func(o object) error {
		if body, err := payload(o, "success"); err != nil || !body.truth("success") {
			return errors.New("the answer does not say success")
		}
		return nil
	})
	return err
}
