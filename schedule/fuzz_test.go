package schedule_test

import (
	"testing"
	"time"

	"github.com/evergrant/evergrant/schedule"
)

// FuzzNext asks Next about every token that a store could hold, in milliseconds since
// 1970 with 0 for unknown, under every policy that Validate accepts.
func FuzzNext(f *testing.F) {
	const d, m = int64(24 * time.Hour / time.Millisecond), int64(time.Minute)
	now := issued.UnixMilli()
	f.Add(int64(1), "long", now, now+60*d, false, 0, int64(0), int64(0), 0, 0.45, 0.65, m, 360*m, 1440*m)
	f.Add(int64(-1), "long", int64(0), now+3*d, true, 5, now, now+d, 0, 0.001, 0.9, int64(1), int64(1), int64(1))
	f.Add(int64(0), "short", now, now+d/24, false, 3, now, int64(0), 1, 0.1, 0.2, m, m, m)
	f.Add(int64(1<<62), "long", now+d, now, false, 1<<62, now+d, now, 1, 0.1, 0.2, 4320*m, 4320*m, int64(1<<62))
	f.Add(int64(9), "", int64(0), int64(0), false, -1, int64(0), int64(-1), 99, 0.1, 0.2, m, m, m)
	f.Fuzz(func(t *testing.T, id int64, kind string, issuedAt, expiresAt int64, assumed bool, attempts int, last, hold int64,
		standing int, early, late float64, first, longest, probe int64,
	) {
		p := schedule.Policy{
			Early: early, Late: late, Probe: time.Duration(probe),
			BackoffMin: time.Duration(first), BackoffMax: time.Duration(longest),
		}
		if p.Validate() != nil {
			t.Skip("refused")
		}
		token := schedule.Token{
			ID: id, Kind: schedule.Kind(kind), IssuedAt: millis(issuedAt), ExpiresAt: millis(expiresAt), Assumed: assumed,
			Attempts: attempts, LastAttempt: millis(last), HoldUntil: millis(hold), Standing: schedule.Standing(standing),
		}
		got := p.Next(token)
		wantWhole(t, "Next", token, got)
		if got.Action != schedule.Refresh && got.Action != schedule.Convert {
			return
		}
		if got.At.Before(token.HoldUntil) {
			t.Errorf("At = %v; want not before the hold, %v", got.At, token.HoldUntil)
		}
		if oldEnough := token.OldEnough(0); got.Action == schedule.Refresh && got.At.Before(oldEnough) {
			t.Errorf("At = %v; want not before it is old enough, %v", got.At, oldEnough)
		}
		if got.At.IsZero() {
			return
		}
		// At is built from what is known and lies near it: never an instant of year 1.
		var low, high time.Time
		for _, known := range []time.Time{token.Issued(), token.ExpiresAt, token.LastAttempt, token.HoldUntil} {
			if known.IsZero() {
				continue
			}
			if low.IsZero() || known.Before(low) {
				low = known
			}
			if high.IsZero() || known.After(high) {
				high = known
			}
		}
		high = high.Add(max(p.Probe, p.BackoffMax, schedule.MinAge+schedule.Margin))
		if low.IsZero() || got.At.Before(low) || got.At.After(high) {
			t.Errorf("At = %v; want zero or in [%v, %v]\n%q", got.At, low, high, got.Reasons)
		}
	})
}

// millis reads a stored instant; 0 is unknown. It is kept within the years 1 to 9999,
// as the databases do.
func millis(ms int64) time.Time {
	const most = 253_402_300_799_999
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(max(-62_135_596_800_000+1, min(ms, most))).UTC()
}
