package schedule_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/evergrant/evergrant/schedule"
)

var (
	march1 = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	march5 = time.Date(2026, 3, 5, 9, 0, 0, 0, time.UTC)
)

func ExamplePolicy_Next() {
	token := schedule.Token{ID: 42, Kind: schedule.Long, IssuedAt: march1, ExpiresAt: march1.Add(schedule.LongLife)}
	d := schedule.DefaultPolicy().Next(token)
	fmt.Println(d.Action, d.At.Format(time.DateOnly))
	fmt.Println(strings.Join(d.Reasons, "\n"))
	// Output:
	// refresh 2026-04-06
	// long-lived, lives 60 days until 2026-04-30
	// refreshed at 60 % of its life (band 45 to 65 %, spread by channel id)
}

// A failed attempt two hours before the last three days is not followed by a pause of
// six hours: the nearness of the end overrules it.
func ExamplePolicy_Next_urgent() {
	expiry := march1.Add(schedule.LongLife)
	d := schedule.DefaultPolicy().Next(schedule.Token{
		ID: 42, Kind: schedule.Long, IssuedAt: march1, ExpiresAt: expiry,
		Attempts: 30, LastAttempt: expiry.Add(-74 * time.Hour),
	})
	fmt.Println(expiry.Sub(d.At), "left:", d.Reason())
	// Output:
	// 72h0m0s left: 3 days before expiry: the pause after failures is overruled
}

func ExampleDefaultPolicy() {
	p := schedule.DefaultPolicy()
	fmt.Println(p.Early, p.Late, p.BackoffMin, p.BackoffMax, p.Probe, p.DailyCap)
	// Output:
	// 0.45 0.65 1m0s 6h0m0s 24h0m0s 0
}

func ExamplePolicy_Validate() {
	p := schedule.DefaultPolicy()
	p.Late = 0.95
	fmt.Println(p.Validate())
	// Output:
	// schedule: a refresh as late as 0.95 of a token's life leaves too little of it for retries; use at most 0.9
}

func ExampleAutoRefresh() {
	token := schedule.Token{Kind: schedule.Long, ExpiresAt: march5}
	for _, within := range []time.Duration{7 * day, 2 * day} {
		d := schedule.AutoRefresh(token, march1, within, false)
		fmt.Println(d.Action+":", d.Reason())
	}
	// Output:
	// refresh: expires in 4 days (threshold 7)
	// nothing: expires in 4 days (threshold 2)
}

func ExampleRefreshNow() {
	token := schedule.Token{Kind: schedule.Long, IssuedAt: march1, ExpiresAt: march1.Add(schedule.LongLife)}
	for _, age := range []time.Duration{5 * time.Hour, 5 * day} {
		d := schedule.RefreshNow(token, march1.Add(age))
		fmt.Println(d.Action+":", d.Reason())
	}
	// Output:
	// nothing: younger than 24 hours, and one more for clocks that differ: refreshed from 2026-03-02T10:00:00Z on
	// refresh: asked for; expires in 55 days
}

func ExampleConvertNow() {
	for _, kind := range []schedule.Kind{schedule.Short, schedule.Unknown, schedule.Long} {
		d := schedule.ConvertNow(schedule.Token{Kind: kind}, march1, false)
		fmt.Println(d.Action+":", d.Reason())
	}
	// Output:
	// convert: short-lived
	// convert: of unknown kind: the exchange will tell
	// nothing: already long-lived
}

func ExampleRecoverNow() {
	token := schedule.Token{Kind: schedule.Long, IssuedAt: march1, ExpiresAt: march1.Add(schedule.LongLife)}
	for _, age := range []time.Duration{5 * time.Hour, 5 * day} {
		d := schedule.RecoverNow(token, march1.Add(age))
		fmt.Println(d.Action+":", d.Reason())
	}
	// Output:
	// verify: younger than 24 hours: a refresh is not possible
	// refresh: refused by Instagram in a call
}

func ExampleAction_Calls() {
	fmt.Println(schedule.Verify.Calls(), schedule.AskOwner.Calls())
	// Output:
	// true false
}

func ExampleSpread() {
	plan := []schedule.Slot{
		{ID: 1, At: march5},
		{ID: 2, At: march5},
		{ID: 3, At: march5, Earliest: march5.Add(-time.Hour)}, // not old enough before
	}
	for _, s := range schedule.Spread(plan, march1, 1) {
		fmt.Println(s.ID, s.At.Format(time.DateTime))
	}
	// Output:
	// 2 2026-03-03 00:00:00
	// 1 2026-03-04 00:00:00
	// 3 2026-03-05 09:00:00
}

func ExampleHuman() {
	for _, d := range []time.Duration{time.Second, 5 * time.Minute, 24 * time.Hour, 60 * day} {
		fmt.Println(schedule.Human(d))
	}
	// Output:
	// 1 second
	// 5 minutes
	// 24 hours
	// 60 days
}

func ExampleDecision_Due() {
	d := schedule.Decision{Action: schedule.Refresh, At: march5}
	fmt.Println(d.Due(march1), d.Due(march5))
	// Output:
	// false true
}

func ExampleDecision_Reason() {
	d := schedule.Decision{Reasons: []string{"long-lived", "expires in 3 days (threshold 7)"}}
	fmt.Println(d.Reason())
	// Output:
	// expires in 3 days (threshold 7)
}

func ExampleToken_Age() {
	token := schedule.Token{Kind: schedule.Long, ExpiresAt: march5} // its issue is not stored
	fmt.Println(token.Age(march1))
	fmt.Println(schedule.Token{}.Age(march1))
	// Output:
	// 1344h0m0s true
	// 0s false
}

func ExampleToken_Issued() {
	token := schedule.Token{Kind: schedule.Long, ExpiresAt: march1.Add(60 * day)}
	fmt.Println(token.Issued().Format(time.DateOnly))
	// Output:
	// 2026-03-01
}

func ExampleToken_OldEnough() {
	token := schedule.Token{Kind: schedule.Long, IssuedAt: march1}
	fmt.Println(token.OldEnough(0).Format(time.DateTime))
	fmt.Println(token.OldEnough(schedule.Margin).Format(time.DateTime))
	// Output:
	// 2026-03-02 09:00:00
	// 2026-03-02 10:00:00
}
