package settings

import (
	"net/url"
	"strings"
)

const hidden = "xxxxx"

// setOrNot is all that may be shown of a secret.
func setOrNot(value string) string {
	if value == "" {
		return "not set"
	}
	return "set"
}

// withoutPassword shows a database URL without what opens the database.
func withoutPassword(raw string) string {
	if strings.HasPrefix(raw, "sqlite://") {
		return raw
	}
	u, err := url.Parse(raw)
	if err != nil {
		return setOrNot(raw)
	}
	query := u.Query()
	for _, name := range []string{"password", "sslpassword"} {
		if query.Has(name) {
			query.Set(name, hidden)
			u.RawQuery = query.Encode()
		}
	}
	return u.Redacted()
}

// withoutUser shows a way out without its credentials. The user's name goes too:
// proxies are known that carry the secret there.
func withoutUser(way string) string {
	u, err := url.Parse(way)
	if err != nil {
		return hidden
	}
	if u.User != nil {
		u.User = url.User(hidden)
	}
	return u.String()
}

// schemeOnly shows of a KMS URL which kind it is; the rest may be the key itself.
func schemeOnly(raw string) string {
	scheme, _, ok := strings.Cut(raw, "://")
	if !ok {
		return setOrNot(raw)
	}
	return scheme + "://…"
}
