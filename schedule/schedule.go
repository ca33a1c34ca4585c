// Package schedule decides when a token needs what, and why.
//
// It is pure: no clock, no network, no state. The daemon, the commands, the plan
// and the tests ask the same functions, so they always agree. Acting on a
// decision, leases and back-off's memory are evergrant.Keeper's business.
//
// All times are instants; durations are time.Duration; a zero time means unknown.
// Everything here is safe for concurrent use.
//
// Meta exchanges a short-lived token within its hour, and refreshes a long-lived one
// that is 24 hours old or more and not yet expired; read 2026-09:
// https://developers.facebook.com/docs/instagram-platform/reference/access_token
// https://developers.facebook.com/docs/instagram-platform/reference/refresh_access_token
package schedule

import "time"

const (
	// MinAge is the age below which Meta declines to refresh a token.
	MinAge = 24 * time.Hour
	// Margin is added to MinAge where nobody is in a hurry, for clocks that differ.
	Margin = time.Hour
	// ShortLife is the life of a short-lived token.
	ShortLife = time.Hour
	// LongLife is the ordinary life of a long-lived token.
	LongLife = 60 * 24 * time.Hour
)

// A Kind says which life a token has.
type Kind string

// The kinds of token.
const (
	Short   Kind = "short"
	Long    Kind = "long"
	Unknown Kind = "unknown"
)

// A Standing is what is known of a channel beyond its token.
type Standing int

// The standings of a channel.
const (
	Working Standing = iota // the token is believed to work
	Waiting                 // its owner must act inside Instagram; probed once a day
	Dead                    // only a new login of its owner helps
	Gone                    // disconnected on purpose
)

// A Token is everything that a decision depends on. The zero Token is of no kind
// and is treated as unknown.
type Token struct {
	ID          int64 // spreads a fleet over days
	Kind        Kind
	IssuedAt    time.Time // zero: unknown
	ExpiresAt   time.Time // zero: unknown
	Assumed     bool      // the expiry is a guess, to be verified early
	Attempts    int       // failures since the last success
	LastAttempt time.Time
	HoldUntil   time.Time // Meta asked for a pause until then
	Standing    Standing
}

// An Action is what a token needs.
type Action string

// The actions.
const (
	Nothing  Action = "nothing"   // healthy, too young, or gone
	Convert  Action = "convert"   // exchange short for long; finds out an unknown kind
	Refresh  Action = "refresh"   // extend a long-lived token
	Verify   Action = "verify"    // ask Meta whether the token lives, because a refresh is not possible
	AskOwner Action = "reconnect" // only a new login helps
)

// Calls reports whether the action is a call to Meta.
func (a Action) Calls() bool { return a == Convert || a == Refresh || a == Verify }

// A Decision says what a token needs, from which instant on, until when, and why.
type Decision struct {
	Action Action
	At     time.Time // due from here on; zero: at once, or never when Action does nothing
	Latest time.Time // too late from here on; zero: unknown
	// Reasons is the chain that led here, each link a short sentence; the last one decides.
	Reasons []string
}

// Due reports whether the decision asks for a call to Meta at now.
func (d Decision) Due(now time.Time) bool {
	return d.Action.Calls() && !now.Before(d.At)
}

// Reason is the last link of the chain: the one that decided.
func (d Decision) Reason() string {
	if len(d.Reasons) == 0 {
		return ""
	}
	return d.Reasons[len(d.Reasons)-1]
}

func (d *Decision) because(reason string) { d.Reasons = append(d.Reasons, reason) }

// Age is how old the token is at now. An unknown age is inferred from a known
// expiry and an ordinary life of the kind; ok is false when nothing is known.
func (t Token) Age(now time.Time) (age time.Duration, ok bool) {
	issued := t.Issued()
	if issued.IsZero() {
		return 0, false
	}
	return now.Sub(issued), true
}

// Issued is when the token's life began: as stored, or else inferred from its
// expiry. Zero: unknown. A stored instant that is not before a known expiry is a
// mistake of whoever stored it, and is not used.
func (t Token) Issued() time.Time {
	known := !t.ExpiresAt.IsZero() && !t.Assumed
	switch {
	case !t.IssuedAt.IsZero() && (!known || t.IssuedAt.Before(t.ExpiresAt)):
		return t.IssuedAt
	case !known:
		return time.Time{}
	case t.Kind == Short:
		return t.ExpiresAt.Add(-ShortLife)
	default:
		return t.ExpiresAt.Add(-LongLife)
	}
}

// OldEnough returns the instant from which Meta will refresh the token, with extra
// on top. Zero: the age is unknown, so it may be tried at once.
func (t Token) OldEnough(extra time.Duration) time.Time {
	issued := t.Issued()
	if issued.IsZero() {
		return time.Time{}
	}
	return issued.Add(MinAge + extra)
}
