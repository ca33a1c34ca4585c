package sim

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"net/url"
	"slices"
)

// The app that a simulator has when nobody sets another one. Both are made up
// and worth nothing anywhere else.
const (
	DefaultClientID     = "990000000000001"
	DefaultClientSecret = "sim-not-a-secret-0123456789abcdef"
)

// App is the Instagram app as Meta knows it.
type App struct {
	// ClientID is the numeric app id; empty means DefaultClientID.
	ClientID string `json:"client_id"`
	// Secrets are all accepted, as during a rotation. Empty means DefaultClientSecret.
	Secrets []string `json:"client_secrets"`
	// RedirectURIs are the registered ones, compared letter by letter. When there
	// are none, any http or https URL will do.
	RedirectURIs []string `json:"redirect_uris,omitempty"`
	// ProofRequired refuses calls without appsecret_proof. A proof that is sent is
	// checked in any case.
	ProofRequired bool `json:"proof_required,omitempty"`
	// RefusalOmitsState leaves the state out of the redirect when the person says
	// no, as in Meta's sample.
	RefusalOmitsState bool `json:"refusal_omits_state,omitempty"`
	// Usage is what the headers X-App-Usage and X-Business-Use-Case-Usage show.
	Usage Usage `json:"usage"`
}

// Usage is the share of a rate limit that is used up, in percent.
type Usage struct {
	CallCount    int `json:"call_count"`
	TotalTime    int `json:"total_time"`
	TotalCPUTime int `json:"total_cputime"`
	// RegainMinutes is the estimated time to regain access. Only the business
	// header has it; 0 means not throttled.
	RegainMinutes float64 `json:"regain_minutes,omitempty"`
	// Hidden leaves both headers out.
	Hidden bool `json:"hidden,omitempty"`
}

func (a App) withDefaults() App {
	if a.ClientID == "" {
		a.ClientID = DefaultClientID
	}
	if len(a.Secrets) == 0 {
		a.Secrets = []string{DefaultClientSecret}
	}
	a.Secrets = slices.Clone(a.Secrets)
	a.RedirectURIs = slices.Clone(a.RedirectURIs)
	return a
}

func (a App) check() error {
	if a.ClientID != "" && !digits(a.ClientID) {
		return fmt.Errorf("app: client_id %q is not a number: Instagram app ids are", a.ClientID)
	}
	if slices.Contains(a.Secrets, "") {
		return errors.New("app: client_secrets holds an empty secret: remove it")
	}
	for _, uri := range a.RedirectURIs {
		if !isWebURL(uri) {
			return fmt.Errorf("app: redirect_uris: %q is not an http or https URL", uri)
		}
	}
	return nil
}

// hasSecret compares in constant time.
func (a *App) hasSecret(secret string) bool {
	ok := 0
	for _, s := range a.Secrets {
		ok |= subtle.ConstantTimeCompare([]byte(s), []byte(secret))
	}
	return ok == 1
}

// mayRedirect reports whether uri is registered, or acceptable when none is.
func (a *App) mayRedirect(uri string) bool {
	if len(a.RedirectURIs) > 0 {
		return slices.Contains(a.RedirectURIs, uri)
	}
	return isWebURL(uri)
}

func isWebURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// App returns the app's settings.
func (s *Server) App() App {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.app.withDefaults()
}

// SetApp replaces the app's settings. Codes and tokens stay as they are: a
// rotated secret kills no token.
func (s *Server) SetApp(a App) error {
	if err := a.check(); err != nil {
		return err
	}
	s.replaceApp(a)
	return nil
}

// replaceApp is SetApp for an app that has been checked.
func (s *Server) replaceApp(a App) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setAppLocked(a)
}

func (s *Server) setAppLocked(a App) {
	s.app = a.withDefaults()
	s.appUsage = s.app.Usage.appHeader()
}
