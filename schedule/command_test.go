package schedule_test

import (
	"testing"
	"time"

	"github.com/evergrant/evergrant/schedule"
)

// A verdict is what the command tests compare.
type verdict struct {
	action schedule.Action
	at     time.Time
	reason string
}

func check(t *testing.T, got schedule.Decision, want verdict, token schedule.Token) {
	t.Helper()
	if got.Action != want.action || !got.At.Equal(want.at) || got.Reason() != want.reason {
		t.Errorf("got %s at %v: %q;\nwant %s at %v: %q", got.Action, got.At, got.Reason(), want.action, want.at, want.reason)
	}
	if !got.Latest.Equal(token.ExpiresAt) {
		t.Errorf("Latest = %v; want the expiry %v", got.Latest, token.ExpiresAt)
	}
}

var (
	dead    = with(long(60*day), func(t *schedule.Token) { t.Standing = schedule.Dead })
	gone    = with(long(60*day), func(t *schedule.Token) { t.Standing = schedule.Gone })
	waiting = with(long(60*day), func(t *schedule.Token) { t.Standing = schedule.Waiting })
	assumed = with(long(60*day), func(t *schedule.Token) { t.Assumed = true })
	short   = schedule.Token{Kind: schedule.Short, IssuedAt: issued, ExpiresAt: after(time.Hour)}
	unknown = schedule.Token{Kind: schedule.Unknown}
	endless = schedule.Token{Kind: schedule.Long, IssuedAt: issued} // of unknown expiry
)

// held is the token that Meta asked to leave alone until 2026-05-20.
func held(t schedule.Token) schedule.Token {
	t.HoldUntil = time.Date(2026, 5, 20, 12, 30, 0, 0, time.UTC)
	return t
}

const (
	isLost  = "the token is lost; only a new login of the owner helps"
	isHeld  = "to be left alone until 2026-05-20T12:30:00Z"
	isYoung = "younger than 24 hours, and one more for clocks that differ: refreshed from 2026-03-02T10:00:00Z on"
	isShort = "short-lived"
	isOdd   = "of unknown kind: the exchange will tell"
)

func TestAutoRefresh(t *testing.T) {
	do := func(a schedule.Action, reason string) verdict { return verdict{action: a, reason: reason} }
	until := func(at time.Time, reason string) verdict { return verdict{schedule.Nothing, at, reason} }
	for _, tt := range []struct {
		name   string
		token  schedule.Token
		age    time.Duration
		within time.Duration
		force  bool
		want   verdict
	}{
		{"healthy", long(60 * day), 30 * day, 7 * day, false, do(schedule.Nothing, "expires in 30 days (threshold 7)")},
		{"near its end", long(60 * day), 57 * day, 7 * day, false, do(schedule.Refresh, "expires in 3 days (threshold 7)")},
		{"at the threshold", long(60 * day), 53 * day, 7 * day, false, do(schedule.Refresh, "expires in 7 days (threshold 7)")},
		{"just before the threshold", long(60 * day), 53*day - 1, 7 * day, false, do(schedule.Nothing, "expires in a little more than 7 days (threshold 7)")},
		{"a threshold in hours", long(60 * day), 60*day - time.Hour, 12 * time.Hour, false, do(schedule.Refresh, "expires in 60 minutes (threshold 12 hours)")},
		{"a threshold of zero", long(60 * day), 59 * day, 0, false, do(schedule.Nothing, "expires in 24 hours (threshold 0)")},
		{"forced", long(60 * day), 30 * day, 7 * day, true, do(schedule.Refresh, "forced; expires in 30 days")},
		{"forced and near its end", long(60 * day), 57 * day, 7 * day, true, do(schedule.Refresh, "expires in 3 days (threshold 7)")},
		{"expired", long(60 * day), 62 * day, 7 * day, false, do(schedule.Refresh, "expired 2 days ago by our record: one last try")},
		{"expired on the instant", long(60 * day), 60 * day, 7 * day, false, do(schedule.Refresh, "expired 0 seconds ago by our record: one last try")},
		{"expiry unknown", endless, 2 * day, 7 * day, false, do(schedule.Refresh, "its expiry is unknown: a refresh will tell")},
		{"expiry assumed", assumed, 2 * day, 7 * day, false, do(schedule.Refresh, "its expiry is assumed: to be verified")},
		{"its owner had to act", waiting, 2 * day, 7 * day, false, do(schedule.Refresh, "its owner had to act inside Instagram: tried again")},
		{"back-off is ignored", failed(long(60*day), 9, after(57*day-time.Second)), 57 * day, 7 * day, false, do(schedule.Refresh, "expires in 3 days (threshold 7)")},

		{"five hours old", long(60 * day), 5 * time.Hour, 7 * day, false, until(after(day+time.Hour), isYoung)},
		{"too young, forced", long(60 * day), 5 * time.Hour, 7 * day, true, until(after(day+time.Hour), isYoung)},
		{"too young, near its end", long(3 * day), day - 1, 7 * day, false, until(after(day+time.Hour), isYoung)},
		{"too young, its owner had to act", waiting, time.Hour, 7 * day, false, until(after(day+time.Hour), isYoung)},
		{"old enough on the instant", long(3*day + time.Hour), day + time.Hour, 7 * day, false, do(schedule.Refresh, "expires in 2 days (threshold 7)")},

		{"short", short, time.Minute, 7 * day, false, do(schedule.Convert, isShort)},
		{"unknown kind", unknown, 0, 7 * day, false, do(schedule.Convert, isOdd)},
		{"dead", dead, 57 * day, 7 * day, true, do(schedule.AskOwner, isLost)},
		{"dead, short", with(short, func(t *schedule.Token) { t.Standing = schedule.Dead }), 0, 7 * day, true, do(schedule.AskOwner, isLost)},
		{"gone", gone, 57 * day, 7 * day, true, do(schedule.Nothing, "disconnected")},
		{"held", held(long(60 * day)), 57 * day, 7 * day, true, until(held(unknown).HoldUntil, isHeld)},
		{"held, short", held(short), 0, 7 * day, true, until(held(unknown).HoldUntil, isHeld)},
		{"held no longer", held(long(100 * day)), 99 * day, 7 * day, false, do(schedule.Refresh, "expires in 24 hours (threshold 7)")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			check(t, schedule.AutoRefresh(tt.token, after(tt.age), tt.within, tt.force), tt.want, tt.token)
		})
	}
}

func TestRefreshNow(t *testing.T) {
	for _, tt := range []struct {
		name  string
		token schedule.Token
		age   time.Duration
		want  verdict
	}{
		{"healthy", long(60 * day), 30 * day, verdict{action: schedule.Refresh, reason: "asked for; expires in 30 days"}},
		{"expired", long(60 * day), 62 * day, verdict{action: schedule.Refresh, reason: "asked for; expired 2 days ago by our record: one last try"}},
		{"expiry unknown", endless, 2 * day, verdict{action: schedule.Refresh, reason: "asked for; its expiry is unknown"}},
		{"nothing known", schedule.Token{Kind: schedule.Long}, 0, verdict{action: schedule.Refresh, reason: "asked for; its expiry is unknown"}},
		{"its owner had to act", waiting, 30 * day, verdict{action: schedule.Refresh, reason: "asked for; expires in 30 days"}},
		{"too young", long(60 * day), 5 * time.Hour, verdict{schedule.Nothing, after(day + time.Hour), isYoung}},
		{"short", short, 0, verdict{action: schedule.Convert, reason: isShort}},
		{"unknown kind", unknown, 0, verdict{action: schedule.Convert, reason: isOdd}},
		{"dead", dead, 30 * day, verdict{action: schedule.AskOwner, reason: isLost}},
		{"gone", gone, 30 * day, verdict{action: schedule.Nothing, reason: "disconnected"}},
		{"held", held(long(60 * day)), 30 * day, verdict{schedule.Nothing, held(unknown).HoldUntil, isHeld}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			check(t, schedule.RefreshNow(tt.token, after(tt.age)), tt.want, tt.token)
		})
	}
}

func TestConvertNow(t *testing.T) {
	const already, forced = "already long-lived", "forced, although it is known as long-lived"
	for _, tt := range []struct {
		name  string
		token schedule.Token
		force bool
		want  verdict
	}{
		{"short", short, false, verdict{action: schedule.Convert, reason: isShort}},
		{"short, forced", short, true, verdict{action: schedule.Convert, reason: isShort}},
		{"unknown kind", unknown, false, verdict{action: schedule.Convert, reason: isOdd}},
		{"long", long(60 * day), false, verdict{action: schedule.Nothing, reason: already}},
		{"long, forced", long(60 * day), true, verdict{action: schedule.Convert, reason: forced}},
		{"long, held", held(long(60 * day)), false, verdict{action: schedule.Nothing, reason: already}},
		{"long, held, forced", held(long(60 * day)), true, verdict{schedule.Nothing, held(unknown).HoldUntil, isHeld}},
		{"short, held", held(short), true, verdict{schedule.Nothing, held(unknown).HoldUntil, isHeld}},
		{"dead", dead, false, verdict{action: schedule.AskOwner, reason: isLost}},
		{"dead, forced", dead, true, verdict{action: schedule.AskOwner, reason: isLost}},
		{"gone", gone, false, verdict{action: schedule.Nothing, reason: "disconnected"}},
		{"gone, forced", gone, true, verdict{action: schedule.Nothing, reason: "disconnected"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			check(t, schedule.ConvertNow(tt.token, issued, tt.force), tt.want, tt.token)
		})
	}
}

func TestRecoverNow(t *testing.T) {
	const refused = "refused by Instagram in a call"
	for _, tt := range []struct {
		name  string
		token schedule.Token
		age   time.Duration
		want  verdict
	}{
		{"healthy", long(60 * day), 30 * day, verdict{action: schedule.Refresh, reason: refused}},
		{"old enough on the instant", long(60 * day), day, verdict{action: schedule.Refresh, reason: refused}},
		{"too young", long(60 * day), day - 1, verdict{action: schedule.Verify, reason: "younger than 24 hours: a refresh is not possible"}},
		{"expired", long(60 * day), 62 * day, verdict{action: schedule.Refresh, reason: refused}},
		{"nothing known", schedule.Token{Kind: schedule.Long}, 0, verdict{action: schedule.Refresh, reason: refused}},
		{"its owner had to act", waiting, 30 * day, verdict{action: schedule.Refresh, reason: refused}},
		{"short", short, 0, verdict{action: schedule.Convert, reason: isShort}},
		{"unknown kind", unknown, 0, verdict{action: schedule.Convert, reason: isOdd}},
		{"dead", dead, 30 * day, verdict{action: schedule.AskOwner, reason: isLost}},
		{"gone", gone, 30 * day, verdict{action: schedule.Nothing, reason: "disconnected"}},
		{"held", held(long(60 * day)), 30 * day, verdict{schedule.Nothing, held(unknown).HoldUntil, isHeld}},
		{"held and too young", held(long(60 * day)), time.Hour, verdict{schedule.Nothing, held(unknown).HoldUntil, isHeld}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			check(t, schedule.RecoverNow(tt.token, after(tt.age)), tt.want, tt.token)
		})
	}
}
