package meta

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"regexp"
	"time"

	"github.com/evergrant/evergrant"
)

// The defaults of [Config].
const (
	DefaultAuthorizeURL = "https://www.instagram.com/oauth/authorize"
	DefaultAPIURL       = "https://api.instagram.com"
	DefaultGraphURL     = "https://graph.instagram.com"
	DefaultGraphVersion = "v25.0"
	DefaultConcurrency  = 16
	DefaultRate         = 50.0
	DefaultCallTimeout  = 10 * time.Second
	DefaultUserAgent    = "evergrant"
)

// Direct is the exit that uses no proxy.
const Direct = "direct"

// A Config holds the settings of a [Client]. The zero value works against the
// real Instagram for everything that needs no app: [Client.Refresh],
// [Client.Identify], [Client.Subscribe]. It prints without its secrets.
type Config struct {
	// ClientID and ClientSecret are the pair of the Instagram app, not of the Meta
	// app. Without them [Client.ExchangeCode] and [Client.Exchange] fail unsent.
	ClientID     string
	ClientSecret evergrant.Secret

	// The three hosts. Absolute http or https URLs; a path prefix and a trailing
	// slash are allowed; user information, query and fragment are not. Empty: the
	// defaults. AuthorizeURL is the whole address of the login page.
	AuthorizeURL string
	APIURL       string
	GraphURL     string
	GraphVersion string // such as v25.0; empty: DefaultGraphVersion

	// Egress lists the ways out, in order of preference: "direct",
	// "http://[user:password@]host:port", "https://…", "socks5://…" (which resolves
	// names at the proxy, as socks5h does). Proxy variables of the environment are
	// not read. Empty: direct alone.
	Egress []string

	Concurrency int           // calls in flight; 0: DefaultConcurrency
	Rate        float64       // calls per second; 0: DefaultRate; below 0: unlimited
	CallTimeout time.Duration // for one call, over all exits; 0: DefaultCallTimeout

	Proof     Proof  // whether calls carry an appsecret_proof; empty: ProofOff
	UserAgent string // empty: DefaultUserAgent

	Now     func() time.Time // nil: time.Now
	Log     *slog.Logger     // nil: discard
	Observe func(Call)       // told of every call when it has ended, by the caller's goroutine; may be nil
}

// String says nothing: a Config holds the app secret and proxy passwords.
func (Config) String() string { return "meta.Config{[redacted]}" }

// Format prints the same for every verb, so that %+v does not walk into the fields.
func (c Config) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// LogValue prints the same in structured logs.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// MarshalText prints the same in JSON and every other text encoding.
func (c Config) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

var (
	versionForm = regexp.MustCompile(`^v[0-9]{1,4}\.[0-9]{1,4}$`)
	plainForm   = regexp.MustCompile(`^[\x21-\x7e]*$`)
	agentForm   = regexp.MustCompile(`^[\x20-\x7e]*$`)
)

// withDefaults fills what was left out.
func (c Config) withDefaults() Config {
	orDefault(&c.AuthorizeURL, DefaultAuthorizeURL)
	orDefault(&c.APIURL, DefaultAPIURL)
	orDefault(&c.GraphURL, DefaultGraphURL)
	orDefault(&c.GraphVersion, DefaultGraphVersion)
	orDefault(&c.Concurrency, DefaultConcurrency)
	orDefault(&c.Rate, DefaultRate)
	orDefault(&c.CallTimeout, DefaultCallTimeout)
	orDefault(&c.Proof, ProofOff)
	orDefault(&c.UserAgent, DefaultUserAgent)
	if len(c.Egress) == 0 {
		c.Egress = []string{Direct}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// check returns every problem of a complete c that needs no parsed URL, each
// naming its field. No value that could be a secret is repeated.
func (c Config) check() error {
	var problems []error
	bad := func(field, format string, args ...any) {
		problems = append(problems, &FieldError{field, fmt.Sprintf(format, args...)})
	}
	if !plainForm.MatchString(c.ClientID) {
		bad("ClientID", "holds spaces, line breaks or characters beyond ASCII: copy it again")
	}
	if !plainForm.MatchString(c.ClientSecret.Reveal()) {
		bad("ClientSecret", "holds spaces, line breaks or characters beyond ASCII: copy it again")
	}
	if !versionForm.MatchString(c.GraphVersion) {
		bad("GraphVersion", "%q is not of the form %s", c.GraphVersion, DefaultGraphVersion)
	}
	if c.Concurrency < 0 {
		bad("Concurrency", "is %d: it must be at least 1, or 0 for the default of %d", c.Concurrency, DefaultConcurrency)
	}
	if math.IsNaN(c.Rate) || math.IsInf(c.Rate, 0) {
		bad("Rate", "is %v: it must be a number of calls per second, or below 0 for no limit", c.Rate)
	}
	if c.CallTimeout < 0 {
		bad("CallTimeout", "is %v: it must be above 0, or 0 for the default of %v", c.CallTimeout, DefaultCallTimeout)
	}
	if !c.Proof.valid() {
		bad("Proof", "%q is not known: use %s, %s or %s", string(c.Proof), ProofOff, ProofToken, ProofTimed)
	} else if c.Proof != ProofOff && c.ClientSecret.Empty() {
		bad("Proof", "%q needs ClientSecret, which is empty", string(c.Proof))
	}
	if !agentForm.MatchString(c.UserAgent) {
		bad("UserAgent", "holds line breaks or characters beyond ASCII: use plain text")
	}
	return errors.Join(problems...)
}
