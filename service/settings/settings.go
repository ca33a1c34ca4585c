package settings

import (
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/evergrant/evergrant"
)

// Settings are the values of all settings, checked. Make them with [Load].
type Settings struct {
	StateDir    string           // where the embedded database and the keyset live
	DatabaseURL evergrant.Secret // holds a password on PostgreSQL
	KeysetFile  string
	KMSURL      evergrant.Secret // some openers keep the key itself in the URL

	ClientID             string
	ClientSecret         evergrant.Secret
	PreviousClientSecret evergrant.Secret
	Scopes               []string
	AuthorizeURL         string
	APIURL               string
	GraphURL             string
	GraphVersion         string
	AppSecretProof       string // off, token or timed
	SubscribeFields      []string

	Listen    string
	PublicURL string

	Egress      []string // may hold credentials of proxies
	Concurrency int
	Rate        int // calls per second
	CallTimeout time.Duration

	LogFormat string // text, json, or empty: text on a terminal, json otherwise
	LogLevel  slog.Level

	origins map[string]string // by Setting.Env: where the value came from
}

// Format prints "[settings]" for every verb, because fields hold secrets.
func (s Settings) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[settings]") }

// LogValue prints "[settings]" in structured logs.
func (s Settings) LogValue() slog.Value { return slog.StringValue("[settings]") }

// MarshalJSON prints "[settings]": what may be shown is in [Settings.Explain].
func (s Settings) MarshalJSON() ([]byte, error) { return []byte(`"[settings]"`), nil }

// CallbackURL is the redirect URI that must be registered with the app.
func (s Settings) CallbackURL() string { return s.PublicURL + "/oauth/instagram/callback" }
