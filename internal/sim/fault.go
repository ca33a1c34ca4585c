package sim

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"time"
)

// A FaultKind says what goes wrong.
type FaultKind string

// The kinds of fault. Those marked "after" happen once the call has taken
// effect; the others in its place, unless [Fault.AfterEffect] is set.
const (
	FaultLatency         FaultKind = "latency"          // only slow: Latency
	FaultServerError     FaultKind = "server_error"     // Status (500) with code 2 as JSON
	FaultHTMLError       FaultKind = "html_error"       // Status (503) with a web page
	FaultHTML            FaultKind = "html"             // status 200 with a web page
	FaultEmpty           FaultKind = "empty"            // Status (200) without a body
	FaultTruncated       FaultKind = "truncated"        // after: half of the true body, as a whole answer
	FaultCut             FaultKind = "cut"              // after: the connection ends inside the body
	FaultDropBefore      FaultKind = "drop_before"      // connection reset, nothing happened
	FaultDropAfter       FaultKind = "drop_after"       // after: connection reset, the answer is lost
	FaultThrottle        FaultKind = "throttle"         // Code (4, 17, 32, 613, 80002) and RegainMinutes
	FaultAppBlocked      FaultKind = "app_blocked"      // code 200 "API access blocked."
	FaultAppDeactivated  FaultKind = "app_deactivated"  // HTTP 200 with an error object
	FaultUnsupported     FaultKind = "unsupported"      // code 100 "Unsupported request"; dead tokens keep their own refusal
	FaultPasswordChanged FaultKind = "password_changed" // kills the account's tokens for good
	FaultAppRemoved      FaultKind = "app_removed"      // likewise
	FaultLoggedOut       FaultKind = "logged_out"       // likewise
	FaultCheckpoint      FaultKind = "checkpoint"       // 190/459 while the fault lasts; the token stays
	FaultUnconfirmed     FaultKind = "unconfirmed"      // 190/464, likewise
	FaultNoToken         FaultKind = "no_token"         // status 200 without access_token
	FaultEmptyToken      FaultKind = "empty_token"      // status 200 with an empty access_token
	FaultExpiresIn       FaultKind = "expires_in"       // after: ExpiresIn in place of the true one
	FaultError           FaultKind = "error"            // Status, Code, Subcode, Type, Message as given
	FaultBody            FaultKind = "body"             // Status (200) with Body as given
)

// A Fault spoils the calls that match it. Faults of an account are tried before
// those of all accounts, in the order in which they were added; the first that
// fires decides. Latencies of all that fire up to there add up.
type Fault struct {
	// ID is given by the simulator.
	ID   int       `json:"id,omitempty"`
	Kind FaultKind `json:"kind"`

	// Endpoint is a name, several joined by "|", or "*"; empty means "*".
	Endpoint string `json:"endpoint,omitempty"`
	// Account is an id, app-scoped id or username; empty means every call, also
	// those that belong to no account.
	Account string `json:"account,omitempty"`
	// TokenKind matches calls with a known token of that kind.
	TokenKind Kind `json:"token_kind,omitempty"`
	// From and Until bound the fault in the simulator's time: [From, Until).
	From  time.Time `json:"from,omitzero"`
	Until time.Time `json:"until,omitzero"`
	// Probability is in (0, 1]; 0 means 1.
	Probability float64 `json:"probability,omitempty"`
	// Times is how often it fires at most; 0 means until it is removed.
	Times int `json:"times,omitempty"`

	// Latency is real time before the effect.
	Latency Duration `json:"latency,omitempty"`
	// AfterEffect lets the call take effect before the fault answers.
	AfterEffect bool   `json:"after_effect,omitempty"`
	Status      int    `json:"status,omitempty"`
	Code        int    `json:"code,omitempty"`
	Subcode     *int   `json:"subcode,omitempty"` // nil: left out
	Type        string `json:"type,omitempty"`
	Message     string `json:"message,omitempty"`
	Body        string `json:"body,omitempty"`
	// RegainMinutes goes into X-Business-Use-Case-Usage.
	RegainMinutes float64 `json:"regain_minutes,omitempty"`
	// ExpiresIn is any JSON value; without one the field is left out.
	ExpiresIn json.RawMessage `json:"expires_in,omitempty"`
}

// after reports whether the call takes effect although the fault spoils it.
func (f *Fault) after() bool {
	switch f.Kind {
	case FaultTruncated, FaultCut, FaultDropAfter, FaultExpiresIn:
		return true
	}
	return f.AfterEffect
}

// check returns the endpoints that the fault matches.
func (f *Fault) check() (endpointSet, error) {
	bad := func(format string, args ...any) (endpointSet, error) {
		return 0, fmt.Errorf("fault %s: "+format, append([]any{f.Kind}, args...)...)
	}
	if !f.Kind.known() {
		return 0, fmt.Errorf("fault: kind %q is not known: see the list in the documentation of package sim", f.Kind)
	}
	set, err := parseEndpoints(f.Endpoint)
	if err != nil {
		return bad("%w", err)
	}
	switch {
	case f.TokenKind != "" && f.TokenKind != Short && f.TokenKind != Long:
		return bad("token_kind %q: use %q or %q", f.TokenKind, Short, Long)
	case math.IsNaN(f.Probability), f.Probability < 0, f.Probability > 1:
		return bad("probability %v is not between 0 and 1", f.Probability)
	case f.Times < 0:
		return bad("times %d is negative", f.Times)
	case f.Latency < 0:
		return bad("latency %v is negative", f.Latency)
	case f.Kind == FaultLatency && f.Latency == 0:
		return bad("latency is missing")
	case f.Status != 0 && (f.Status < 200 || f.Status > 599):
		return bad("status %d is not between 200 and 599", f.Status)
	case f.Status == http.StatusNoContent || f.Status == http.StatusNotModified:
		return bad("status %d cannot have a body", f.Status)
	case !f.From.IsZero() && !f.Until.IsZero() && !f.From.Before(f.Until):
		return bad("from %v is not before until %v", f.From, f.Until)
	case len(f.ExpiresIn) > 0 && !json.Valid(f.ExpiresIn):
		return bad("expires_in is not JSON")
	case f.RegainMinutes < 0:
		return bad("regain_minutes %v is negative", f.RegainMinutes)
	}
	return set, nil
}

func (k FaultKind) known() bool {
	switch k {
	case FaultLatency, FaultServerError, FaultHTMLError, FaultHTML, FaultEmpty, FaultTruncated, FaultCut,
		FaultDropBefore, FaultDropAfter, FaultThrottle, FaultAppBlocked, FaultAppDeactivated, FaultUnsupported,
		FaultPasswordChanged, FaultAppRemoved, FaultLoggedOut, FaultCheckpoint, FaultUnconfirmed,
		FaultNoToken, FaultEmptyToken, FaultExpiresIn, FaultError, FaultBody:
		return true
	}
	return false
}
