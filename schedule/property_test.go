package schedule_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/evergrant/evergrant/schedule"
)

// between draws a duration in [low, high], to the second: one time in two near the ends,
// where rapid likes to look, and one in two anywhere.
func between(low, high time.Duration) *rapid.Generator[time.Duration] {
	first, last := int64(low/time.Second), int64(high/time.Second)
	ends := rapid.Map(rapid.Int64Range(first, last), func(s int64) time.Duration { return time.Duration(s) * time.Second })
	anywhere := rapid.Map(evenly(0, 1000), func(permille int) time.Duration {
		return time.Duration(first+(last-first)*int64(permille)/1000) * time.Second
	})
	return rapid.OneOf(ends, anywhere)
}

// evenly draws a number in [low, high], each as likely as the next.
func evenly(low, high int) *rapid.Generator[int] {
	all := make([]int, 0, high-low+1)
	for n := low; n <= high; n++ {
		all = append(all, n)
	}
	return rapid.SampledFrom(all)
}

// drawPolicy draws any policy that Validate accepts, but for a longest pause of less than
// half an hour, which would only make the tests slow.
func drawPolicy(t *rapid.T) schedule.Policy {
	early := rapid.Float64Range(0.001, 0.899).Draw(t, "early")
	longest := between(30*time.Minute, 72*time.Hour).Draw(t, "longest pause")
	p := schedule.Policy{
		Early:      early,
		Late:       rapid.Float64Range(early+0.0001, 0.9).Draw(t, "late"),
		BackoffMin: between(time.Second, longest).Draw(t, "first pause"),
		BackoffMax: longest,
		Probe:      between(time.Minute, 30*day).Draw(t, "probe"),
	}
	if err := p.Validate(); err != nil {
		t.Fatalf("the generator is wrong: %v", err)
	}
	return p
}

// drawToken draws any token that a store may hold, contradictions included.
func drawToken(t *rapid.T) schedule.Token {
	instant := rapid.Map(between(-90*day, 150*day), after)
	perhaps := rapid.OneOf(rapid.Just(time.Time{}), instant)
	return schedule.Token{
		ID:          rapid.Int64().Draw(t, "id"),
		Kind:        rapid.SampledFrom([]schedule.Kind{schedule.Long, schedule.Long, schedule.Short, schedule.Unknown, ""}).Draw(t, "kind"),
		IssuedAt:    perhaps.Draw(t, "issued"),
		ExpiresAt:   perhaps.Draw(t, "expires"),
		Assumed:     rapid.Bool().Draw(t, "assumed"),
		Attempts:    rapid.IntRange(0, 100).Draw(t, "attempts"),
		LastAttempt: perhaps.Draw(t, "last attempt"),
		HoldUntil:   perhaps.Draw(t, "hold"),
		Standing:    rapid.SampledFrom([]schedule.Standing{schedule.Working, schedule.Working, schedule.Waiting, schedule.Dead, schedule.Gone}).Draw(t, "standing"),
	}
}

// deciders are all the ways to ask what a token needs at an instant.
func deciders(p schedule.Policy) map[string]func(schedule.Token, time.Time) schedule.Decision {
	return map[string]func(schedule.Token, time.Time) schedule.Decision{
		"Next": func(t schedule.Token, _ time.Time) schedule.Decision { return p.Next(t) },
		"AutoRefresh": func(t schedule.Token, now time.Time) schedule.Decision {
			return schedule.AutoRefresh(t, now, 7*day, false)
		},
		"AutoRefresh, forced": func(t schedule.Token, now time.Time) schedule.Decision {
			return schedule.AutoRefresh(t, now, 7*day, true)
		},
		"RefreshNow": schedule.RefreshNow,
		"RecoverNow": schedule.RecoverNow,
		"ConvertNow": func(t schedule.Token, now time.Time) schedule.Decision {
			return schedule.ConvertNow(t, now, false)
		},
		"ConvertNow, forced": func(t schedule.Token, now time.Time) schedule.Decision {
			return schedule.ConvertNow(t, now, true)
		},
	}
}

func TestNextDueInsideTheLife(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		life := between(day+time.Second, 120*day).Draw(t, "life")
		token := long(life)
		token.ID = rapid.Int64().Draw(t, "id")
		d := drawPolicy(t).Next(token)
		if d.At.Before(after(day)) || !d.At.Before(after(life)) {
			t.Fatalf("due %v after its issue; want in [24h, %v)", d.At.Sub(issued), life)
		}
		if !d.Due(d.At) || d.Due(d.At.Add(-1)) {
			t.Fatalf("Due does not begin at %v", d.At)
		}
	})
}

func TestNextDueInsideTheBand(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, token := drawPolicy(t), long(60*day)
		token.ID = rapid.Int64().Draw(t, "id")
		age := p.Next(token).At.Sub(issued)
		low := max(25*time.Hour, time.Duration(p.Early*float64(60*day))-time.Microsecond)
		high := max(25*time.Hour, time.Duration(p.Late*float64(60*day))+time.Microsecond)
		if age < low || age > high {
			t.Fatalf("due at age %v; want in [%v, %v]", age, low, high)
		}
	})
}

// A fleet imported at one instant must not be refreshed on one day, whether its ids are
// consecutive, far apart or multiples of something.
func TestNextSpreadsAFleet(t *testing.T) {
	const fleet = 10_000
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.Int64().Draw(t, "first id")
		stride := rapid.Int64Range(1, 1<<40).Draw(t, "stride")
		load := map[int]int{}
		for i := range int64(fleet) {
			token := long(60 * day)
			token.ID = first + i*stride // wraps around, which is fine
			load[int(schedule.DefaultPolicy().Next(token).At.Sub(issued)/day)]++
		}
		busiest, low, high := 0, 60, 0
		for d, n := range load {
			busiest, low, high = max(busiest, n), min(low, d), max(high, d)
		}
		if low < 27 || high > 38 {
			t.Fatalf("refreshed between day %d and %d; want 27 to 38", low, high)
		}
		if mean := fleet / (high - low + 1); busiest > 2*mean {
			t.Fatalf("busiest day %d; want at most twice the mean %d", busiest, mean)
		}
	})
}

func TestNextTriesAgainBeforeTheEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPolicy(t)
		left := between(time.Minute, 60*day-25*time.Hour).Draw(t, "left")
		token := failed(long(60*day), rapid.IntRange(1, 1000).Draw(t, "attempts"), after(60*day-left))
		for _, standing := range []schedule.Standing{schedule.Working, schedule.Waiting} {
			token.Standing = standing
			if d := p.Next(token); !d.At.Before(token.ExpiresAt) || !d.At.After(token.LastAttempt) {
				t.Fatalf("standing %d, %v left: next try %v after the last; want sooner than the end\n%q",
					standing, left, d.At.Sub(token.LastAttempt), d.Reasons)
			}
		}
	})
}

// With no end in sight the pause grows with each failure, to its longest and no further.
func TestNextBackoffGrows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPolicy(t)
		token := schedule.Token{Kind: schedule.Unknown, LastAttempt: issued}
		previous := time.Duration(0)
		for attempts := 1; attempts <= 40; attempts++ {
			token.Attempts = attempts
			pause := p.Next(token).At.Sub(issued)
			switch want := min(2*previous, p.BackoffMax); {
			case attempts == 1 && pause != p.BackoffMin:
				t.Fatalf("first pause %v; want %v", pause, p.BackoffMin)
			case attempts > 1 && pause != want:
				t.Fatalf("pause %d is %v; want %v", attempts, pause, want)
			}
			previous = pause
		}
		if previous != p.BackoffMax {
			t.Fatalf("last pause %v; want %v", previous, p.BackoffMax)
		}
	})
}

// Whatever has failed, there is a try at each of the last 14, 7, 3 and 1 days: no pause
// reaches over such an instant.
func TestNextTiersOverruleBackoff(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPolicy(t)
		last := between(54*day, 60*day-time.Minute).Draw(t, "last attempt")
		if rapid.Bool().Draw(t, "far") {
			p.Early, p.Late = 0.001, 0.002
			last = between(25*time.Hour, 54*day).Draw(t, "last attempt")
		}
		token := failed(long(60*day), rapid.IntRange(1, 100).Draw(t, "attempts"), after(last))
		next := p.Next(token).At
		for _, tier := range []time.Duration{14 * day, 7 * day, 3 * day, day} {
			crossing := after(60*day - tier)
			if token.LastAttempt.Before(crossing) && next.After(crossing) {
				t.Fatalf("from %v to %v before the end; want a try at %v", 60*day-last, token.ExpiresAt.Sub(next), tier)
			}
		}
	})
}

func TestHoldIsRespected(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		token, p := drawToken(t), drawPolicy(t)
		hold := between(-90*day, 150*day).Draw(t, "hold")
		token.HoldUntil = after(hold)
		now := token.HoldUntil.Add(-between(time.Second, 90*day).Draw(t, "before its end"))
		for name, decide := range deciders(p) {
			if d := decide(token, now); d.Due(now) {
				t.Fatalf("%s is due at %v although held until %v: %q", name, now, token.HoldUntil, d.Reasons)
			}
		}
	})
}

// Meta declines to refresh a token younger than a day: nobody asks it to.
func TestNobodyRefreshesTooYoung(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		token, p := drawToken(t), drawPolicy(t)
		if token.Issued().IsZero() {
			t.Skip("its age is unknown")
		}
		now := token.Issued().Add(between(0, day-time.Second).Draw(t, "age"))
		for name, decide := range deciders(p) {
			if d := decide(token, now); d.Action == schedule.Refresh && d.Due(now) {
				t.Fatalf("%s refreshes at age %v: %q", name, now.Sub(token.Issued()), d.Reasons)
			}
		}
	})
}

// Once due, a token stays due while its state is unchanged: a sweep that comes late
// finds everything that an earlier one would have found.
func TestDueIsMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		token, p := drawToken(t), drawPolicy(t)
		instants := rapid.SliceOfN(rapid.Map(between(-90*day, 200*day), after), 2, 20).Draw(t, "instants")
		slices.SortFunc(instants, time.Time.Compare)
		for name, decide := range deciders(p) {
			was := false
			for _, now := range instants {
				due := decide(token, now).Due(now)
				if was && !due {
					t.Fatalf("%s: no longer due at %v", name, now)
				}
				was = due
			}
		}
	})
}

// Every decision says what, until when and why, and promises a call only for a channel
// that may be called.
func TestDecisionsAreWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		token, p := drawToken(t), drawPolicy(t)
		now := after(between(-90*day, 200*day).Draw(t, "now"))
		for name, decide := range deciders(p) {
			wantWhole(t, name, token, decide(token, now))
		}
	})
}

// wantWhole is what holds for each decision of each function.
func wantWhole(t interface {
	Helper()
	Fatalf(string, ...any)
}, name string, token schedule.Token, d schedule.Decision,
) {
	t.Helper()
	if len(d.Reasons) == 0 || slices.Contains(d.Reasons, "") {
		t.Fatalf("%s: reasons %q; want at least one and none empty", name, d.Reasons)
	}
	if !d.Latest.Equal(token.ExpiresAt) {
		t.Fatalf("%s: Latest %v; want %v", name, d.Latest, token.ExpiresAt)
	}
	switch token.Standing {
	case schedule.Dead:
		if d.Action != schedule.AskOwner || !d.At.IsZero() {
			t.Fatalf("%s: %s at %v for a dead channel; want %s", name, d.Action, d.At, schedule.AskOwner)
		}
	case schedule.Gone:
		if d.Action != schedule.Nothing || !d.At.IsZero() {
			t.Fatalf("%s: %s at %v for a channel that is gone; want %s", name, d.Action, d.At, schedule.Nothing)
		}
	default:
		if d.Action == schedule.AskOwner {
			t.Fatalf("%s asks the owner of a channel that may still work: %q", name, d.Reasons)
		}
		if (d.Action == schedule.Refresh || d.Action == schedule.Verify) && token.Kind != schedule.Long {
			t.Fatalf("%s: %s for a token of kind %q; want %s", name, d.Action, token.Kind, schedule.Convert)
		}
	}
}
