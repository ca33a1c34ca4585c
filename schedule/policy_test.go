package schedule_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evergrant/evergrant/schedule"
)

// half refreshes at half of the life, whatever the id: its band is a few nanoseconds.
func half() schedule.Policy {
	p := schedule.DefaultPolicy()
	p.Early, p.Late = 0.5, 0.5+1e-15
	return p
}

func TestValidate(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*schedule.Policy)
		want   string // part of the error; empty: accepted
	}{
		{"the default", func(*schedule.Policy) {}, ""},
		{"the widest band", func(p *schedule.Policy) { p.Early, p.Late = 1e-9, 0.9 }, ""},
		{"the longest back-off", func(p *schedule.Policy) { p.BackoffMin, p.BackoffMax = 72*time.Hour, 72*time.Hour }, ""},
		{"a cap", func(p *schedule.Policy) { p.DailyCap = 1 }, ""},
		{"zero", func(p *schedule.Policy) { *p = schedule.Policy{} }, "refresh band 0 to 0"},
		{"early is zero", func(p *schedule.Policy) { p.Early = 0 }, "refresh band 0 to 0.65"},
		{"early is negative", func(p *schedule.Policy) { p.Early = -0.1 }, "refresh band"},
		{"early after late", func(p *schedule.Policy) { p.Early = 0.7 }, "early before late"},
		{"no band", func(p *schedule.Policy) { p.Early = p.Late }, "early before late"},
		{"late is the end", func(p *schedule.Policy) { p.Late = 1 }, "inside 0 to 1"},
		{"early is no number", func(p *schedule.Policy) { p.Early = math.NaN() }, "refresh band"},
		{"late is no number", func(p *schedule.Policy) { p.Late = math.NaN() }, "refresh band"},
		{"late is infinite", func(p *schedule.Policy) { p.Late = math.Inf(1) }, "refresh band"},
		{"late leaves no reserve", func(p *schedule.Policy) { p.Late = 0.91 }, "use at most 0.9"},
		{"no first pause", func(p *schedule.Policy) { p.BackoffMin = 0 }, "positive and growing"},
		{"negative first pause", func(p *schedule.Policy) { p.BackoffMin = -1 }, "positive and growing"},
		{"shrinking back-off", func(p *schedule.Policy) { p.BackoffMax = p.BackoffMin - 1 }, "positive and growing"},
		{"back-off too long", func(p *schedule.Policy) { p.BackoffMax = 72*time.Hour + 1 }, "use at most 72h"},
		{"no probe", func(p *schedule.Policy) { p.Probe = 0 }, "probe interval 0s must be positive"},
		{"negative cap", func(p *schedule.Policy) { p.DailyCap = -1 }, "daily cap -1 must not be negative"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := schedule.DefaultPolicy()
			tt.change(&p)
			err := p.Validate()
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("Validate() = %v; want no error", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("Validate() = %v; want an error with %q", err, tt.want)
			}
		})
	}
}

func TestNext(t *testing.T) {
	for _, tt := range []struct {
		name   string
		token  schedule.Token
		action schedule.Action
		at     time.Time // zero: at once, or never
		reason string    // part of the deciding reason
	}{
		{"healthy", long(60 * day), schedule.Refresh, after(30 * day), "refreshed at 50 % of its life"},
		{"of a short life", long(10 * day), schedule.Refresh, after(5 * day), "refreshed at 50 %"},
		{"not before it is ripe", long(30 * time.Hour), schedule.Refresh, after(25 * time.Hour), "not before it is 25 hours old"},
		{"no room for the margin", long(24*time.Hour + time.Second), schedule.Refresh, after(24 * time.Hour), "not before it is 24 hours old"},
		{"dies before it is old enough", long(2 * time.Hour), schedule.Refresh, after(24 * time.Hour), "not before it is 24 hours old"},
		{"age inferred from its expiry", schedule.Token{Kind: schedule.Long, ExpiresAt: after(3 * day)}, schedule.Refresh, after(-27 * day), "refreshed at 50 %"},
		{"issued after its expiry", schedule.Token{Kind: schedule.Long, IssuedAt: after(5 * day), ExpiresAt: after(3 * day)}, schedule.Refresh, after(-27 * day), "refreshed at 50 %"},
		{"expiry unknown", schedule.Token{Kind: schedule.Long, IssuedAt: issued}, schedule.Refresh, after(25 * time.Hour), "expiry is unknown"},
		{"age and expiry unknown", schedule.Token{Kind: schedule.Long}, schedule.Refresh, time.Time{}, "expiry is unknown"},
		{"expiry assumed", with(long(60*day), func(t *schedule.Token) { t.Assumed = true }), schedule.Refresh, after(25 * time.Hour), "expiry is assumed"},
		{"expiry assumed, age unknown", schedule.Token{Kind: schedule.Long, ExpiresAt: after(60 * day), Assumed: true}, schedule.Refresh, time.Time{}, "expiry is assumed"},
		{"expiry assumed within the margin", with(long(24*time.Hour+time.Minute), func(t *schedule.Token) { t.Assumed = true }), schedule.Refresh, after(24 * time.Hour), "expiry is assumed"},

		{"short", schedule.Token{Kind: schedule.Short, IssuedAt: issued, ExpiresAt: after(time.Hour)}, schedule.Convert, time.Time{}, "short-lived"},
		{"unknown kind", schedule.Token{Kind: schedule.Unknown}, schedule.Convert, time.Time{}, "unknown kind"},
		{"the zero token", schedule.Token{}, schedule.Convert, time.Time{}, "unknown kind"},

		{"dead", with(long(60*day), func(t *schedule.Token) { t.Standing = schedule.Dead }), schedule.AskOwner, time.Time{}, "only a new login"},
		{"gone", with(long(60*day), func(t *schedule.Token) { t.Standing = schedule.Gone }), schedule.Nothing, time.Time{}, "disconnected"},
		{"waiting", with(long(60*day), func(t *schedule.Token) {
			t.Standing, t.LastAttempt = schedule.Waiting, after(20*day)
		}), schedule.Refresh, after(21 * day), "probed once in 24 hours"},
		{"waiting, never tried", with(long(60*day), func(t *schedule.Token) { t.Standing = schedule.Waiting }), schedule.Refresh, after(25 * time.Hour), "probed once"},
		{"waiting, too young to be probed", with(long(60*day), func(t *schedule.Token) {
			t.Standing, t.LastAttempt = schedule.Waiting, after(30*time.Minute)
		}), schedule.Refresh, after(25 * time.Hour), "probed once"},
		{"waiting, its end near", with(long(60*day), func(t *schedule.Token) {
			t.Standing, t.LastAttempt = schedule.Waiting, after(60*day-10*time.Hour)
		}), schedule.Refresh, after(60*day - 5*time.Hour), "probed once"},
		{"waiting, expired by our record", with(long(60*day), func(t *schedule.Token) {
			t.Standing, t.LastAttempt = schedule.Waiting, after(61*day)
		}), schedule.Refresh, after(62 * day), "probed once"},
		{"waiting, short, never tried", schedule.Token{Kind: schedule.Short, Standing: schedule.Waiting}, schedule.Convert, time.Time{}, "probed once"},
		{"waiting, held", with(long(60*day), func(t *schedule.Token) {
			t.Standing, t.LastAttempt, t.HoldUntil = schedule.Waiting, after(20*day), after(22*day)
		}), schedule.Refresh, after(22 * day), "to be left alone until 2026-03-23T09:00:00Z"},

		{"held past its due instant", with(long(60*day), func(t *schedule.Token) { t.HoldUntil = after(31 * day) }), schedule.Refresh, after(31 * day), "left alone"},
		{"held, but not that long", with(long(60*day), func(t *schedule.Token) { t.HoldUntil = after(29 * day) }), schedule.Refresh, after(30 * day), "refreshed at 50 %"},
		{"short and held", schedule.Token{Kind: schedule.Short, HoldUntil: after(time.Minute)}, schedule.Convert, after(time.Minute), "left alone"},
		{"dead and held", with(long(60*day), func(t *schedule.Token) { t.Standing, t.HoldUntil = schedule.Dead, after(day) }), schedule.AskOwner, time.Time{}, "only a new login"},

		{"failed early: not due before mid-life", failed(long(60*day), 3, after(5*day)), schedule.Refresh, after(30 * day), "refreshed at 50 %"},
		{"failed once", failed(long(60*day), 1, after(31*day)), schedule.Refresh, after(31*day + time.Minute), "1 attempt failed: next try 60 seconds after the last"},
		{"failed four times", failed(long(60*day), 4, after(31*day)), schedule.Refresh, after(31*day + 8*time.Minute), "4 attempts failed: next try 8 minutes after the last"},
		{"failed often", failed(long(60*day), 50, after(31*day)), schedule.Refresh, after(31*day + 6*time.Hour), "50 attempts failed: next try 6 hours after the last"},
		{"failed without a known instant", failed(long(60*day), 3, time.Time{}), schedule.Refresh, after(30 * day), "refreshed at 50 %"},
		{"a senseless count is none", failed(long(60*day), -3, after(31*day)), schedule.Refresh, after(30 * day), "refreshed at 50 %"},
		{"failed near the end: an eighth of what is left", failed(long(60*day), 50, after(60*day-8*time.Hour)), schedule.Refresh, after(60*day - 7*time.Hour), "next try 60 minutes after the last"},
		{"failed in the last minutes", failed(long(60*day), 50, after(60*day-4*time.Minute)), schedule.Refresh, after(60*day - 3*time.Minute), "next try 60 seconds after the last"},
		{"failed in the last minute but one", failed(long(60*day), 50, after(60*day-time.Minute)), schedule.Refresh, after(60*day - 30*time.Second), "next try 30 seconds after the last"},
		{"failed after its end", failed(long(60*day), 50, after(60*day)), schedule.Refresh, after(60*day + 6*time.Hour), "50 attempts failed"},
		{"failed, short-lived", failed(schedule.Token{Kind: schedule.Short, IssuedAt: issued, ExpiresAt: after(time.Hour)}, 9, after(4*time.Minute)), schedule.Convert, after(11 * time.Minute), "next try 7 minutes after the last"},
		{"failed, expiry unknown", failed(schedule.Token{Kind: schedule.Unknown}, 2, issued), schedule.Convert, after(2 * time.Minute), "2 attempts failed"},
		{"failed and held", with(failed(long(60*day), 1, after(31*day)), func(t *schedule.Token) { t.HoldUntil = after(32 * day) }), schedule.Refresh, after(32 * day), "left alone"},

		{"14 days overrule", failed(long(60*day), 50, after(46*day-time.Hour)), schedule.Refresh, after(46 * day), "14 days before expiry: the pause after failures is overruled"},
		{"7 days overrule", failed(long(60*day), 50, after(53*day-time.Hour)), schedule.Refresh, after(53 * day), "7 days before expiry"},
		{"3 days overrule", failed(long(60*day), 50, after(57*day-time.Hour)), schedule.Refresh, after(57 * day), "3 days before expiry"},
		{"1 day overrules", failed(long(60*day), 50, after(59*day-time.Hour)), schedule.Refresh, after(59 * day), "24 hours before expiry"},
		{"a tier overrules once", failed(long(60*day), 50, after(46*day)), schedule.Refresh, after(46*day + 6*time.Hour), "50 attempts failed"},
		{"a tier further than the pause is left alone", failed(long(60*day), 1, after(46*day-time.Hour)), schedule.Refresh, after(46*day - time.Hour + time.Minute), "1 attempt failed"},
		{"a hold overrules the tiers", with(failed(long(60*day), 50, after(46*day-time.Hour)), func(t *schedule.Token) { t.HoldUntil = after(47 * day) }), schedule.Refresh, after(47 * day), "left alone"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := half().Next(tt.token)
			if d.Action != tt.action || !d.At.Round(time.Millisecond).Equal(tt.at) {
				t.Errorf("Next = %s at %v; want %s at %v\n%q", d.Action, d.At, tt.action, tt.at, d.Reasons)
			}
			if !strings.Contains(d.Reason(), tt.reason) {
				t.Errorf("reason = %q; want one with %q", d.Reason(), tt.reason)
			}
			if !d.Latest.Equal(tt.token.ExpiresAt) {
				t.Errorf("Latest = %v; want the expiry %v", d.Latest, tt.token.ExpiresAt)
			}
		})
	}
}

// failed is the token after so many failures in a row.
func failed(t schedule.Token, attempts int, last time.Time) schedule.Token {
	t.Attempts, t.LastAttempt = attempts, last
	return t
}

// The first pause may be longer than what is left: it is cut, not obeyed.
func TestNextCutsALongFirstPause(t *testing.T) {
	p := half()
	p.BackoffMin, p.BackoffMax = 72*time.Hour, 72*time.Hour
	d := p.Next(failed(long(60*day), 1, after(60*day-10*time.Hour)))
	if want := after(60*day - 5*time.Hour); !d.At.Equal(want) {
		t.Errorf("At = %v; want %v, half of what is left", d.At, want)
	}
}

func TestNextBackoffDoubles(t *testing.T) {
	want := []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360} // minutes
	var got []time.Duration
	last := after(61 * day) // past the middle of its life, far from the tiers
	for attempts := range want {
		d := half().Next(failed(long(120*day), attempts+1, last))
		got = append(got, d.At.Sub(last)/time.Minute)
	}
	if !slices.Equal(got, want) {
		t.Errorf("pauses in minutes = %v; want %v", got, want)
	}
}

// The place in the band must never change between versions: the whole fleet would move.
// The shares are the first outputs of SplitMix64 for these seeds, published as
// 0xe220a8397b1dcdaf and 6457827717110365317, over 2^64.
func TestNextKeepsItsSpread(t *testing.T) {
	for _, tt := range []struct {
		name  string
		id    int64
		share float64
	}{
		{"seed 0", 0, float64(0xe220a8397b1dcdaf) / (1 << 64)},
		{"seed 1234567", 1234567, 6457827717110365317.0 / (1 << 64)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			token := long(100 * day)
			token.ID = tt.id
			got := schedule.DefaultPolicy().Next(token).At
			want := after(45*day + time.Duration(tt.share*float64(20*day)))
			if diff := got.Sub(want).Abs(); diff > time.Millisecond {
				t.Errorf("due at %v; want %v", got, want)
			}
		})
	}
}
