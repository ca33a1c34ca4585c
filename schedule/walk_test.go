package schedule_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/evergrant/evergrant/schedule"
)

// sweep is how often the daemon of these walks looks for due work.
const sweep = time.Minute

// A walk is one channel under a daemon that follows Next, and a Meta that refuses as told.
type walk struct {
	*rapid.T
	policy schedule.Policy
	token  schedule.Token
	life   time.Duration // of each token that Meta issues
	now    time.Time
}

// newWalk begins with a token fresh from Meta and a sweep at a phase of its own.
func newWalk(t *rapid.T, p schedule.Policy, life time.Duration) *walk {
	token := long(life)
	token.ID = rapid.Int64().Draw(t, "id")
	return &walk{T: t, policy: p, token: token, life: life, now: issued.Add(between(0, sweep).Draw(t, "phase"))}
}

// attempt waits for the first sweep that finds the token due. It fails the test when the
// token dies before, or is too young for Meta.
func (w *walk) attempt() {
	w.Helper()
	d := w.policy.Next(w.token)
	if wait := d.At.Sub(w.now); wait > 0 {
		w.now = w.now.Add((wait + sweep - 1).Truncate(sweep))
	}
	if !d.Due(w.now) {
		w.Fatalf("not due at %v: %s at %v", w.now, d.Action, d.At)
	}
	if !w.now.Before(w.token.ExpiresAt) {
		w.Fatalf("lost: %v issued, %d attempts, the last with %v left; next try %v after the end\npolicy %+v\n%q", w.life, w.token.Attempts,
			w.token.ExpiresAt.Sub(w.token.LastAttempt), w.now.Sub(w.token.ExpiresAt), w.policy, d.Reasons)
	}
	if age := w.now.Sub(w.token.IssuedAt); age < schedule.MinAge {
		w.Fatalf("refreshed at the age of %v; want %v or more", age, schedule.MinAge)
	}
}

func (w *walk) fail() {
	w.token.Attempts++
	w.token.LastAttempt = w.now
	w.now = w.now.Add(sweep)
}

func (w *walk) succeed() {
	w.token = schedule.Token{ID: w.token.ID, Kind: schedule.Long, IssuedAt: w.now, ExpiresAt: w.now.Add(w.life)}
	w.now = w.now.Add(sweep)
}

func (w *walk) left() time.Duration { return w.token.ExpiresAt.Sub(w.now) }

func TestYearWithFailuresInARow(t *testing.T) {
	const most = 10 // tries that every accepted policy fits into the reserve of a 60-day token
	rapid.Check(t, func(t *rapid.T) {
		w := newWalk(t, drawPolicy(t), 60*day)
		for w.now.Before(after(365 * day)) {
			for range evenly(0, most).Draw(t, "failures") {
				w.attempt()
				w.fail()
			}
			w.attempt()
			w.succeed()
		}
	})
}

// Accepted settings never lose a token of ordinary life with up to five failed days.
func TestYearWithFailedDays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWalk(t, drawPolicy(t), 60*day)
		for w.now.Before(after(365 * day)) {
			w.attempt()
			for end := w.now.Add(between(0, 5*day).Draw(t, "outage")); w.now.Before(end); w.attempt() {
				w.fail()
			}
			w.succeed()
		}
	})
}

// No token of any life is lost to an outage that leaves its last five minutes, whatever
// the policy; nor to pauses that Meta asks for and that end as early.
func TestYearWithOutagesToTheLastMinutes(t *testing.T) {
	const spare = 5 * time.Minute
	rapid.Check(t, func(t *rapid.T) {
		w := newWalk(t, drawPolicy(t), between(2*day, 120*day).Draw(t, "life"))
		for w.now.Before(after(365 * day)) {
			w.attempt()
			for end := w.now.Add(between(0, max(0, w.left()-spare)).Draw(t, "outage")); w.now.Before(end); w.attempt() {
				if evenly(0, 9).Draw(t, "throttled") == 0 {
					pause := between(0, 6*time.Hour).Draw(t, "hold")
					w.token.HoldUntil = w.now.Add(min(pause, end.Sub(w.now)))
					continue
				}
				w.fail()
			}
			w.succeed()
		}
	})
}

// A channel whose owner must act is not lost to the pause between probes, however long:
// when the owner acts before the last five minutes, a probe finds out in time.
func TestOwnerActsInTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWalk(t, drawPolicy(t), 60*day)
		w.attempt()
		w.token.Standing = schedule.Waiting
		acts := w.now.Add(between(0, w.left()-5*time.Minute).Draw(t, "acts"))
		for w.now.Before(acts) {
			w.fail()
			w.attempt()
		}
	})
}
