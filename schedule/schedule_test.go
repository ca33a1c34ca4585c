package schedule_test

import (
	"slices"
	"testing"
	"time"

	"github.com/evergrant/evergrant/schedule"
)

const day = 24 * time.Hour

var issued = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// after is the instant so long after the issue of the tokens in these tests.
func after(d time.Duration) time.Time { return issued.Add(d) }

// long is a healthy long-lived token with that life.
func long(life time.Duration) schedule.Token {
	return schedule.Token{ID: 7, Kind: schedule.Long, IssuedAt: issued, ExpiresAt: after(life)}
}

// with changes a token in place of a long literal.
func with(t schedule.Token, change func(*schedule.Token)) schedule.Token {
	change(&t)
	return t
}

func TestTokenAge(t *testing.T) {
	now := after(10 * day)
	for _, tt := range []struct {
		name   string
		token  schedule.Token
		issued time.Time // zero: unknown
	}{
		{"stored", long(60 * day), issued},
		{"stored, expiry unknown", schedule.Token{Kind: schedule.Long, IssuedAt: issued}, issued},
		{"stored, expiry assumed", schedule.Token{Kind: schedule.Long, IssuedAt: issued, ExpiresAt: after(-day), Assumed: true}, issued},
		{"long, from its expiry", schedule.Token{Kind: schedule.Long, ExpiresAt: after(3 * day)}, after(-57 * day)},
		{"short, from its expiry", schedule.Token{Kind: schedule.Short, ExpiresAt: after(time.Hour)}, issued},
		{"of unknown kind, from its expiry", schedule.Token{ExpiresAt: after(60 * day)}, issued},
		{"stored after its expiry: not believed", schedule.Token{Kind: schedule.Long, IssuedAt: after(day), ExpiresAt: after(-day)}, after(-61 * day)},
		{"stored at its expiry: not believed", schedule.Token{Kind: schedule.Long, IssuedAt: issued, ExpiresAt: issued}, after(-60 * day)},
		{"an assumed expiry tells nothing", schedule.Token{Kind: schedule.Long, ExpiresAt: after(day), Assumed: true}, time.Time{}},
		{"nothing known", schedule.Token{}, time.Time{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.token.Issued(); !got.Equal(tt.issued) {
				t.Errorf("Issued() = %v; want %v", got, tt.issued)
			}
			age, ok := tt.token.Age(now)
			if tt.issued.IsZero() {
				if ok || age != 0 {
					t.Errorf("Age = %v, %v; want 0, false", age, ok)
				}
				if got := tt.token.OldEnough(schedule.Margin); !got.IsZero() {
					t.Errorf("OldEnough = %v; want zero: it may be tried at once", got)
				}
				return
			}
			if want := now.Sub(tt.issued); !ok || age != want {
				t.Errorf("Age = %v, %v; want %v, true", age, ok, want)
			}
			if got, want := tt.token.OldEnough(0), tt.issued.Add(day); !got.Equal(want) {
				t.Errorf("OldEnough(0) = %v; want %v", got, want)
			}
			if got, want := tt.token.OldEnough(schedule.Margin), tt.issued.Add(25*time.Hour); !got.Equal(want) {
				t.Errorf("OldEnough(Margin) = %v; want %v", got, want)
			}
		})
	}
}

func TestDecisionDue(t *testing.T) {
	for _, tt := range []struct {
		name string
		d    schedule.Decision
		want []bool // a nanosecond before, at, and after the instant `issued`
	}{
		{"refresh", schedule.Decision{Action: schedule.Refresh, At: issued}, []bool{false, true, true}},
		{"convert", schedule.Decision{Action: schedule.Convert, At: issued}, []bool{false, true, true}},
		{"convert at once", schedule.Decision{Action: schedule.Convert}, []bool{true, true, true}},
		{"verify", schedule.Decision{Action: schedule.Verify, At: issued}, []bool{false, true, true}},
		{"nothing", schedule.Decision{Action: schedule.Nothing, At: issued}, []bool{false, false, false}},
		{"ask the owner", schedule.Decision{Action: schedule.AskOwner}, []bool{false, false, false}},
		{"the zero decision", schedule.Decision{}, []bool{false, false, false}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := []bool{tt.d.Due(after(-1)), tt.d.Due(issued), tt.d.Due(after(1))}
			if !slices.Equal(got, tt.want) {
				t.Errorf("Due before, at and after = %v; want %v", got, tt.want)
			}
		})
	}
}

func TestActionCalls(t *testing.T) {
	for action, want := range map[schedule.Action]bool{
		schedule.Convert: true, schedule.Refresh: true, schedule.Verify: true,
		schedule.Nothing: false, schedule.AskOwner: false, "": false,
	} {
		if got := action.Calls(); got != want {
			t.Errorf("Action(%q).Calls() = %v; want %v", action, got, want)
		}
	}
}

func TestDecisionReason(t *testing.T) {
	for _, tt := range []struct {
		name    string
		reasons []string
		want    string
	}{
		{"none", nil, ""},
		{"one", []string{"a"}, "a"},
		{"the last decides", []string{"a", "b"}, "b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := (schedule.Decision{Reasons: tt.reasons}).Reason(); got != tt.want {
				t.Errorf("Reason() = %q; want %q", got, tt.want)
			}
		})
	}
}
