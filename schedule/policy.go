package schedule

import (
	"fmt"
	"time"
)

// Urgency tiers: crossing one of these distances to the expiry overrules back-off.
var tiers = [...]time.Duration{14 * day, 7 * day, 3 * day, day}

const (
	day = 24 * time.Hour
	// maxLate keeps a tenth of each life in reserve (6 days of 60) for an outage that
	// begins when the refresh falls due.
	maxLate = 0.9
	// lastCall is how little life is still worth another try.
	lastCall = time.Minute
)

// A Policy is how the daemon keeps a fleet alive. The zero Policy is not usable;
// see [DefaultPolicy].
type Policy struct {
	// Early and Late bound the band of a token's life in which its refresh falls due;
	// 0 < Early < Late <= 0.9.
	Early, Late float64
	// BackoffMin and BackoffMax bound the pause after a failure; it doubles from one to
	// the other.
	BackoffMin, BackoffMax time.Duration
	// Probe is how often a channel that waits for its owner is tried.
	Probe time.Duration
	// DailyCap is how many refreshes [Spread] puts on one day at the most; 0: no cap.
	DailyCap int
}

// DefaultPolicy refreshes between 45 % and 65 % of a token's life (days 27 to 39
// of 60), backs off from one minute to six hours, and probes once a day.
func DefaultPolicy() Policy {
	return Policy{Early: 0.45, Late: 0.65, BackoffMin: time.Minute, BackoffMax: 6 * time.Hour, Probe: day}
}

// Validate reports what makes the policy unsafe: settings with which a token could
// die without having been tried.
func (p Policy) Validate() error {
	switch {
	case !(p.Early > 0 && p.Early < p.Late && p.Late < 1):
		return fmt.Errorf("schedule: refresh band %v to %v must lie inside 0 to 1, early before late", p.Early, p.Late)
	case p.Late > maxLate:
		return fmt.Errorf("schedule: a refresh as late as %v of a token's life leaves too little of it for retries; use at most %v", p.Late, maxLate)
	case p.BackoffMin <= 0 || p.BackoffMax < p.BackoffMin:
		return fmt.Errorf("schedule: back-off %v to %v must be positive and growing", p.BackoffMin, p.BackoffMax)
	case p.BackoffMax > 3*day:
		return fmt.Errorf("schedule: back-off of up to %v leaves too few tries before an expiry; use at most 72h", p.BackoffMax)
	case p.Probe <= 0:
		return fmt.Errorf("schedule: probe interval %v must be positive", p.Probe)
	case p.DailyCap < 0:
		return fmt.Errorf("schedule: daily cap %d must not be negative", p.DailyCap)
	}
	return nil
}

// Next decides what the daemon does with a token, and when. It does not depend on
// the present instant: At may lie in the past, which means that it is due.
func (p Policy) Next(t Token) Decision {
	d := Decision{Latest: t.ExpiresAt}
	switch t.Standing {
	case Gone:
		d.Action = Nothing
		d.because("disconnected")
		return d
	case Dead:
		d.Action = AskOwner
		d.because("the token is lost; only a new login of the owner helps")
		return d
	case Waiting:
		d.Action, d.At = t.action(), p.probed(t)
		d.because("the owner must act inside Instagram")
		d.because("probed once in " + Human(p.Probe))
		return p.held(d, t)
	}
	d.Action = t.action()
	switch {
	case d.Action == Convert && t.Kind == Short:
		d.because("short-lived: to be exchanged at once")
	case d.Action == Convert:
		d.because("of unknown kind: to be found out at once")
	case t.ExpiresAt.IsZero():
		d.At = t.ripe()
		d.because("long-lived")
		d.because("its expiry is unknown: a refresh will tell")
	case t.Assumed:
		d.At = t.ripe()
		d.because("long-lived")
		d.because("its expiry is assumed: to be verified as soon as it is 25 hours old")
	default:
		p.midLife(&d, t)
	}
	return p.held(p.backedOff(d, t), t)
}

// action is what keeps a token of this kind alive.
func (t Token) action() Action {
	if t.Kind == Long {
		return Refresh
	}
	return Convert
}

// midLife sets the instant in the refresh band that belongs to this channel.
func (p Policy) midLife(d *Decision, t Token) {
	issued := t.Issued()
	life := t.ExpiresAt.Sub(issued)
	share := p.Early + (p.Late-p.Early)*spread(t.ID)
	d.At = issued.Add(time.Duration(share * float64(life)))
	d.because(fmt.Sprintf("long-lived, lives %s until %s", Human(life), t.ExpiresAt.UTC().Format(time.DateOnly)))
	d.because(fmt.Sprintf("refreshed at %.0f %% of its life (band %.0f to %.0f %%, spread by channel id)", share*100, p.Early*100, p.Late*100))
	if ripe := t.ripe(); d.At.Before(ripe) {
		d.At = ripe
		d.because(fmt.Sprintf("not before it is %s old", Human(ripe.Sub(issued))))
	}
}

// ripe is the instant from which the daemon refreshes the token. A life too short for
// the margin gets the bare minimum, which may still fit.
func (t Token) ripe() time.Time {
	if at := t.OldEnough(Margin); t.ExpiresAt.IsZero() || at.Before(t.ExpiresAt) {
		return at
	}
	return t.OldEnough(0)
}

// probed is the next probe of a channel that waits for its owner; zero: at once.
func (p Policy) probed(t Token) time.Time {
	var at time.Time
	if !t.LastAttempt.IsZero() {
		at = t.LastAttempt.Add(t.withinLife(p.Probe))
	}
	if t.Kind == Long {
		at = later(at, t.ripe())
	}
	return at
}

// withinLife shortens a pause after the last attempt so that another try fits before
// the token expires.
func (t Token) withinLife(pause time.Duration) time.Duration {
	if left := t.ExpiresAt.Sub(t.LastAttempt); !t.ExpiresAt.IsZero() && left >= lastCall {
		return min(pause, left/2)
	}
	return pause
}

// backedOff moves a decision behind the pause that failures have earned.
func (p Policy) backedOff(d Decision, t Token) Decision {
	if t.Attempts <= 0 || t.LastAttempt.IsZero() {
		return d
	}
	pause := p.backoff(t.Attempts)
	if left := t.ExpiresAt.Sub(t.LastAttempt); !t.ExpiresAt.IsZero() && left > 0 {
		// The nearer the end, the shorter the pause.
		pause = t.withinLife(min(pause, max(p.BackoffMin, left/8)))
	}
	at := t.LastAttempt.Add(pause)
	why := fmt.Sprintf("%s failed: next try %s after the last", times(t.Attempts), Human(pause))
	if !t.ExpiresAt.IsZero() {
		for _, tier := range tiers {
			if crossing := t.ExpiresAt.Add(-tier); crossing.After(t.LastAttempt) && crossing.Before(at) {
				at, why = crossing, fmt.Sprintf("%s before expiry: the pause after failures is overruled", Human(tier))
				break
			}
		}
	}
	if at.After(d.At) {
		d.At = at
		d.because(why)
	}
	return d
}

// backoff is the pause after so many failures in a row.
func (p Policy) backoff(attempts int) time.Duration {
	pause := p.BackoffMin
	for range attempts - 1 {
		if pause *= 2; pause >= p.BackoffMax {
			return p.BackoffMax
		}
	}
	return min(pause, p.BackoffMax)
}

// held moves a decision behind the pause that Meta asked for.
func (p Policy) held(d Decision, t Token) Decision {
	if t.HoldUntil.After(d.At) {
		d.At = t.HoldUntil
		d.because("to be left alone until " + t.HoldUntil.UTC().Format(time.RFC3339))
	}
	return d
}

// spread gives each id its own place in [0, 1), evenly: SplitMix64's finalizer.
func spread(id int64) float64 {
	x := uint64(id) + 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	x ^= x >> 31
	return float64(x>>11) / (1 << 53)
}
