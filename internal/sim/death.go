package sim

import (
	"fmt"
	"time"
)

// A Reason says why a token is dead. The empty Reason means that it is alive.
type Reason string

// The reasons, with the subcodes that Meta documents for them.
const (
	Expired         Reason = "expired"          // 463
	PasswordChanged Reason = "password_changed" // 460
	AppRemoved      Reason = "app_removed"      // 458
	LoggedOut       Reason = "logged_out"       // 467
	Checkpoint      Reason = "checkpoint"       // 459: may live again once the person logs in
	Unconfirmed     Reason = "unconfirmed"      // 464: likewise
	Replaced        Reason = "replaced"         // a refresh returned another string; no subcode on record
)

// A Subcode says how a refusal shows its subcode.
type Subcode string

// The ways on record. Empty: the seed chooses for each token.
const (
	SubcodePresent Subcode = "present"
	SubcodeZero    Subcode = "zero"   // "error_subcode":0
	SubcodeAbsent  Subcode = "absent" // no such field
)

// pacific is the zone of the dates in Meta's texts.
var pacific = time.FixedZone("PST", -8*60*60)

func pacificTime(t time.Time) string {
	return t.In(pacific).Format("Monday, 02-Jan-06 15:04:05 MST")
}

func (r Reason) check() error {
	switch r {
	case Expired, PasswordChanged, AppRemoved, LoggedOut, Checkpoint, Unconfirmed, Replaced:
		return nil
	}
	return fmt.Errorf("reason %q is not known: use expired, password_changed, app_removed, logged_out, checkpoint, unconfirmed or replaced", r)
}

func (c Subcode) check() error {
	switch c {
	case "", SubcodePresent, SubcodeZero, SubcodeAbsent:
		return nil
	}
	return fmt.Errorf("subcode style %q: use %q, %q or %q", c, SubcodePresent, SubcodeZero, SubcodeAbsent)
}

// deathError is Meta's refusal of a dead token.
//
// Checkpoint and Unconfirmed always show their subcode: nothing on record says
// otherwise, and without it they could not be told from a loss.
func deathError(r Reason, style Subcode, clientID string, expiresAt, now time.Time) *apiError {
	const prefix = "Error validating access token: "
	var text string
	var subcode int
	switch r {
	case Expired:
		subcode = 463
		text = prefix + "Session has expired on " + pacificTime(expiresAt) + ". The current time is " + pacificTime(now) + "."
	case PasswordChanged:
		subcode = 460
		text = prefix + "The session has been invalidated because the user changed their password or Facebook has changed the session for security reasons."
	case AppRemoved:
		subcode = 458
		text = prefix + "The user has not authorized application " + clientID + "."
	case Checkpoint:
		subcode = 459
		style = SubcodePresent
		text = prefix + "The user is enrolled in a blocking, logged-in checkpoint."
	case Unconfirmed:
		subcode = 464
		style = SubcodePresent
		text = prefix + "Sessions for the user are not allowed because the user is not a confirmed user."
	case LoggedOut:
		subcode = 467
		text = prefix + "The session is invalid because the user logged out."
	default: // Replaced
		style = SubcodeAbsent
		text = prefix + "The session is no longer valid."
	}
	e := &apiError{Message: text, Type: typeOAuth, Code: 190}
	switch style {
	case SubcodeAbsent:
	case SubcodeZero:
		e.Subcode = new(0)
	default:
		e.Subcode = new(subcode)
	}
	return e
}
