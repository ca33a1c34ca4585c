package evergrant

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Class says what a failed call means for the engine. It is decided where the
// answer is known, in the provider, and never again from text.
type Class string

// The classes of failure, and what the engine does with each.
const (
	Transient Class = "transient" // try again later; the channel's state is untouched
	Throttled Class = "throttled" // wait until Meta's time to regain; not counted as an attempt
	Lost      Class = "lost"      // Meta refuses the token value; a verdict only after a second answer
	Blocked   Class = "blocked"   // the owner must act inside Instagram; the token is kept
	Denied    Class = "denied"    // a permission is missing; the token is kept
	AppWide   Class = "app"       // the app, our key or our settings; never a verdict on a channel
)

// A Scope says whose trouble a failure is.
type Scope string

// The scopes of failure.
const (
	ScopeChannel Scope = "channel"
	ScopeApp     Scope = "app"
	ScopeNetwork Scope = "network"
	ScopeMeta    Scope = "meta"
)

// A Failure is a call to Meta that did not give what was asked. Every error of a
// [Provider] is a *Failure or wraps one. No field holds a secret: providers clean
// Message of every token that Meta may have repeated in it.
type Failure struct {
	Class    Class
	Scope    Scope
	Endpoint string // the call: "exchange", "refresh", "me", "code", "subscribe"
	Status   int    // HTTP status; 0: no answer
	Code     int    // Meta's code; 0: none
	Subcode  int    // Meta's subcode; 0: none
	Type     string
	Message  string // for operators, English, cleaned and bounded
	// UserTitle and UserMessage are in the owner's language: to be shown, never matched.
	UserTitle, UserMessage string
	TraceID                string
	RetryAfter             time.Duration // Meta's own time to regain; 0: not said
	Usage                  Usage
	NotSent                bool  // provably: no byte of the request left this machine
	Cause                  error // what lies beneath, without URLs; may be nil
}

// Answered reports whether Meta gave a well-formed refusal, as against silence,
// a broken page or trouble of its own.
func (f *Failure) Answered() bool {
	return f.Code != 0 && f.Status != 0 && f.Status < 500
}

// unanswered reports silence, broken pages and trouble of Meta's own.
func (f *Failure) unanswered() bool {
	return f != nil && f.Class == Transient && (f.Scope == ScopeNetwork || f.Scope == ScopeMeta)
}

// Signature names the kind of failure for comparison across channels.
func (f *Failure) Signature() string {
	if f.Class == Lost {
		return string(Lost)
	}
	return fmt.Sprintf("%s/%d", f.Class, f.Code)
}

// Error gives one line: the call, Meta's code, its message and its trace id.
func (f *Failure) Error() string {
	var b strings.Builder
	b.WriteString("instagram " + f.Endpoint + ": ")
	switch {
	case f.Code != 0 && f.Subcode != 0:
		fmt.Fprintf(&b, "error %d/%d: ", f.Code, f.Subcode)
	case f.Code != 0:
		fmt.Fprintf(&b, "error %d: ", f.Code)
	case f.Status != 0:
		fmt.Fprintf(&b, "HTTP %d: ", f.Status)
	}
	switch {
	case f.Message != "":
		b.WriteString(f.Message)
	case f.Cause != nil:
		b.WriteString(f.Cause.Error())
	default:
		b.WriteString(string(f.Class))
	}
	if f.TraceID != "" {
		b.WriteString(" (trace " + f.TraceID + ")")
	}
	return b.String()
}

// Unwrap returns the cause, so that callers may ask for a context's end.
func (f *Failure) Unwrap() error { return f.Cause }

// Is makes errors.Is(err, ErrLost) and the like work on failures.
func (f *Failure) Is(target error) bool {
	switch target {
	case ErrLost:
		return f.Class == Lost
	case ErrThrottled:
		return f.Class == Throttled
	}
	return false
}

// lastError is the form in which a channel keeps a failure.
func (f *Failure) lastError(at time.Time) *LastError {
	message := f.Message
	if message == "" && f.Cause != nil {
		message = f.Cause.Error()
	}
	return &LastError{Class: f.Class, Code: f.Code, Subcode: f.Subcode, Message: message, TraceID: f.TraceID, At: at}
}

// asFailure finds the *Failure in err. An error that is none becomes a transient
// one: what is unknown never decides over a token.
func asFailure(err error) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	return &Failure{Class: Transient, Scope: ScopeNetwork, Cause: err}
}

// Usage is what Meta's usage headers said: percentages of a limit, 100 and more
// meaning throttled. The zero Usage means that nothing was said.
type Usage struct {
	App           float64       // X-App-Usage: the highest of its figures
	Account       float64       // X-Business-Use-Case-Usage: the highest figure of the account
	AccountRegain time.Duration // Meta's estimate until the account may call again
}
