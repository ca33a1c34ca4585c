package schedule

import (
	"fmt"
	"time"
)

// The commands of an operator decide by simple, old rules that people know, and
// ignore back-off: somebody is looking, or cron runs once a day. They respect a
// pause that Meta asked for, because calls during it make it longer.

// AutoRefresh decides what `auto-refresh` does at now: short and unknown tokens are
// converted, long ones refreshed when they expire within the threshold, or, with
// force, whenever they are old enough.
func AutoRefresh(t Token, now time.Time, within time.Duration, force bool) Decision {
	return command(t, now, func(d *Decision) {
		threshold := Human(within)
		if within%day == 0 {
			threshold = fmt.Sprintf("%d", within/day)
		}
		switch left := t.ExpiresAt.Sub(now); {
		case t.Standing == Waiting:
			d.because("its owner had to act inside Instagram: tried again")
		case t.ExpiresAt.IsZero():
			d.because("its expiry is unknown: a refresh will tell")
		case left <= 0:
			d.because("expired " + Human(-left) + " ago by our record: one last try")
		case left <= within:
			d.because(fmt.Sprintf("expires in %s (threshold %s)", Human(left), threshold))
		case force:
			d.because(fmt.Sprintf("forced; expires in %s", Human(left)))
		case t.Assumed:
			d.because("its expiry is assumed: to be verified")
		case Human(left) == Human(within):
			d.Action = Nothing
			d.because(fmt.Sprintf("expires in a little more than %s (threshold %s)", Human(left), threshold))
		default:
			d.Action = Nothing
			d.because(fmt.Sprintf("expires in %s (threshold %s)", Human(left), threshold))
		}
	})
}

// RefreshNow decides what `refresh` does at now: whatever may be refreshed is.
func RefreshNow(t Token, now time.Time) Decision {
	return command(t, now, func(d *Decision) {
		switch left := t.ExpiresAt.Sub(now); {
		case t.ExpiresAt.IsZero():
			d.because("asked for; its expiry is unknown")
		case left <= 0:
			d.because("asked for; expired " + Human(-left) + " ago by our record: one last try")
		default:
			d.because(fmt.Sprintf("asked for; expires in %s", Human(left)))
		}
	})
}

// RecoverNow decides what can be done at now about a token that Meta has just refused
// in a call: it is exchanged or refreshed as its kind allows; one too young for a
// refresh is only asked for its owner, which gives the second answer that a loss needs.
func RecoverNow(t Token, now time.Time) Decision {
	if t.Kind != Long {
		return convertible(t, now)
	}
	d := Decision{Action: Refresh, Latest: t.ExpiresAt}
	if t.standing(&d) || t.onHold(&d, now) {
		return d
	}
	d.because("refused by Instagram in a call")
	if now.Before(t.OldEnough(0)) {
		d.Action = Verify
		d.because("younger than 24 hours: a refresh is not possible")
	}
	return d
}

// ConvertNow decides what `convert` does at now: short-lived and unknown tokens are
// exchanged; a long-lived one only with force.
func ConvertNow(t Token, now time.Time, force bool) Decision {
	if t.Kind != Long || force {
		return convertible(t, now)
	}
	d := Decision{Action: Nothing, Latest: t.ExpiresAt}
	if t.standing(&d) {
		return d
	}
	d.because("already long-lived")
	return d
}

// convertible is the decision for a token that `convert` works on.
func convertible(t Token, now time.Time) Decision {
	d := Decision{Action: Convert, Latest: t.ExpiresAt}
	if t.standing(&d) || t.onHold(&d, now) {
		return d
	}
	switch {
	case t.Kind == Short:
		d.because("short-lived")
	case t.Kind == Long:
		d.because("forced, although it is known as long-lived")
	default:
		d.because("of unknown kind: the exchange will tell")
	}
	return d
}

// command is what the refreshing commands share; decide settles a long-lived token
// that is old enough.
func command(t Token, now time.Time, decide func(*Decision)) Decision {
	if t.Kind != Long {
		return convertible(t, now)
	}
	d := Decision{Action: Refresh, Latest: t.ExpiresAt}
	if t.standing(&d) || t.onHold(&d, now) {
		return d
	}
	if oldEnough := t.OldEnough(Margin); now.Before(oldEnough) {
		d.Action, d.At = Nothing, oldEnough
		d.because(fmt.Sprintf("younger than 24 hours, and one more for clocks that differ: refreshed from %s on", oldEnough.UTC().Format(time.RFC3339)))
		return d
	}
	decide(&d)
	return d
}

// standing settles channels that no command works on.
func (t Token) standing(d *Decision) bool {
	switch t.Standing {
	case Dead:
		d.Action = AskOwner
		d.because("the token is lost; only a new login of the owner helps")
		return true
	case Gone:
		d.Action = Nothing
		d.because("disconnected")
		return true
	}
	return false
}

// onHold settles channels that Meta asked to leave alone for a while.
func (t Token) onHold(d *Decision, now time.Time) bool {
	if !now.Before(t.HoldUntil) {
		return false
	}
	d.Action, d.At = Nothing, t.HoldUntil
	d.because("to be left alone until " + t.HoldUntil.UTC().Format(time.RFC3339))
	return true
}
