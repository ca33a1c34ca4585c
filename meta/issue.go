package meta

import (
	"context"
	"errors"

	"github.com/evergrant/evergrant"
)

// maxTokenBytes bounds a token; Meta's have some 180 characters and no promised length.
const maxTokenBytes = 4096

// issue makes a call whose answer is a token of the given kind.
func (c *Client) issue(ctx context.Context, r request, kind evergrant.TokenKind) (evergrant.Issued, error) {
	var value evergrant.Secret
	var body object
	res, err := c.call(ctx, r, func(o object) error {
		var err error
		if body, err = payload(o, "access_token"); err != nil {
			return err
		}
		value, err = tokenIn(body)
		return err
	})
	if err != nil {
		return evergrant.Issued{}, err
	}
	return evergrant.Issued{
		Token:       newToken(value, kind, body, res.sentAt),
		AppScopedID: body.id("user_id"),
		Permissions: body.list("permissions"),
		Usage:       res.usage,
	}, nil
}

// payload finds the object that holds the wanted field: the answer itself, or the
// only element of its "data".
func payload(o object, wanted string) (object, error) {
	if o.has(wanted) {
		return o, nil
	}
	switch items := o.items("data"); {
	case len(items) == 1 && items[0].has(wanted):
		return items[0], nil
	case len(items) > 1:
		return nil, errors.New("the answer lists more than one result")
	}
	return nil, errors.New("the answer has no " + wanted)
}

// tokenIn returns the token, which must be a string that a token could be.
func tokenIn(o object) (evergrant.Secret, error) {
	s, ok := o.text("access_token")
	switch {
	case !ok:
		return evergrant.Secret{}, errors.New("the access_token in the answer is not text")
	case s == "":
		return evergrant.Secret{}, errors.New("the access_token in the answer is empty")
	case len(s) > maxTokenBytes || !tokenForm.MatchString(s):
		return evergrant.Secret{}, errors.New("the access_token in the answer is not printable ASCII of sensible length")
	}
	return evergrant.NewSecret(s), nil
}
