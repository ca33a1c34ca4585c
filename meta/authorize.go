package meta

import (
	"maps"
	"net/url"
	"strings"
)

// AuthorizeOptions are the optional parts of a login address.
type AuthorizeOptions struct {
	// ForceReauth makes the person type Instagram credentials even when a session
	// is open: the right account, not just any.
	ForceReauth bool
	// InstagramOnly hides "log in with Facebook".
	InstagramOnly bool
	// Extra adds parameters, such as the older force_authentication=1. It cannot
	// replace the parameters that the client sets.
	Extra url.Values
}

// AuthorizeURL is the address of the page where an owner logs in and consents.
// It is pure. Meta returns state unchanged on success; on a refusal it may be
// missing. redirectURI must equal, byte for byte, one that is registered in the
// app's dashboard, and be given again to [Client.ExchangeCode].
//
// Sources, read 2026-09; the two pages disagree about the host, hence the setting:
// https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login
// https://developers.facebook.com/docs/instagram-platform/reference/oauth-authorize
func (c *Client) AuthorizeURL(state, redirectURI string, scopes []string, opts AuthorizeOptions) string {
	query := url.Values{}
	maps.Copy(query, opts.Extra)
	query.Set("client_id", c.clientID)
	query.Set("redirect_uri", redirectURI)
	query.Set("response_type", "code")
	query.Set("scope", strings.Join(scopes, ","))
	query.Set("state", state)
	if opts.ForceReauth {
		query.Set("force_reauth", "true")
	}
	if opts.InstagramOnly {
		query.Set("enable_fb_login", "false")
	}
	u := *c.hosts.authorize
	u.RawQuery = query.Encode()
	return u.String()
}
