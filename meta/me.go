package meta

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/evergrant/evergrant"
)

// Identify says whose token it is. It changes nothing, so it may be repeated
// through the next exit when one fails.
//
// It makes a GET to graph.instagram.com/{version}/me with the token in the
// Authorization header. Meta's "user_id" is AccountID, the id of the professional
// account in webhooks and paths; Meta's "id" is AppScopedID, the id in the
// deauthorize and data-deletion callbacks. An answer with none of the two and no
// username is a failure.
//
// Every error is an *evergrant.Failure.
//
// Source, read 2026-09:
// https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/get-started
func (c *Client) Identify(ctx context.Context, token evergrant.Secret) (evergrant.Identity, error) {
	if f := usable(endpointMe, "token", token); f != nil {
		return evergrant.Identity{}, f
	}
	query := url.Values{"fields": {"user_id,username,name,account_type"}}
	c.prove(query, token)
	secrets := []evergrant.Secret{token, c.secret}
	var who evergrant.Identity
	res, err := c.call(ctx, request{
		endpoint: endpointMe,
		method:   http.MethodGet,
		address:  at(c.hosts.graph, query, c.version, "me"),
		bearer:   token,
		secrets:  secrets,
	}, func(o object) error {
		var err error
		who, err = identityIn(o, secrets)
		return err
	})
	if err != nil {
		return evergrant.Identity{}, err
	}
	who.Usage = res.usage
	return who, nil
}

// identityIn reads both shapes of the answer. Names are foreign text that is
// shown and logged, so they are kept to one printable line.
func identityIn(o object, secrets []evergrant.Secret) (evergrant.Identity, error) {
	body := o
	if items := o.items("data"); len(items) > 1 {
		return evergrant.Identity{}, errors.New("the answer lists more than one account")
	} else if len(items) == 1 {
		body = items[0]
	}
	line := func(field string) string {
		s, _ := body.text(field)
		return bound(hideKnown(oneLine(s), secrets), maxMessageBytes)
	}
	who := evergrant.Identity{
		AccountID:   body.id("user_id"),
		AppScopedID: body.id("id"),
		Username:    line("username"),
		Name:        line("name"),
		AccountType: line("account_type"),
	}
	if who.AccountID == "" && who.AppScopedID == "" && who.Username == "" {
		return evergrant.Identity{}, errors.New("the answer names no account")
	}
	return who, nil
}
