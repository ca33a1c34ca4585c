package doctor

import (
	"fmt"
	"time"

	"github.com/evergrant/evergrant/schedule"
)

// schedule proves that a token gets enough tries before it expires, by playing the
// worst case: it falls due as late as the policy allows, and every try fails.
func (x *examination) schedule() {
	policy := schedule.DefaultPolicy()
	if err := policy.Validate(); err != nil {
		x.add("schedule", Fail, err.Error(), "use the default policy")
		return
	}
	tries, first := WorstCase(policy, schedule.LongLife)
	const enough = 10
	detail := fmt.Sprintf("a token of %d days is first tried with at least %d days left, and %d times before it expires if every try fails",
		int(schedule.LongLife/day), int(first/day), tries)
	if tries < enough {
		x.add("schedule", Fail, detail, fmt.Sprintf("choose a policy with at least %d tries", enough))
		return
	}
	x.add("schedule", OK, detail, "")
}

const day = 24 * time.Hour

// WorstCase plays the life of a long-lived token that falls due as late as the policy
// allows and whose every try fails. It returns how often it is tried before it
// expires, and how much of its life is left at the first try.
func WorstCase(policy schedule.Policy, life time.Duration) (tries int, left time.Duration) {
	issued := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) // any instant will do
	worst := latest(policy, issued, life)
	token := schedule.Token{ID: worst, Kind: schedule.Long, IssuedAt: issued, ExpiresAt: issued.Add(life)}
	for {
		at := policy.Next(token).At
		if !at.Before(token.ExpiresAt) {
			return tries, left
		}
		if tries++; tries == 1 {
			left = token.ExpiresAt.Sub(at)
		}
		token.Attempts, token.LastAttempt = tries, at
		if tries == 10_000 { // far beyond enough
			return tries, left
		}
	}
}

// latest is the channel id, among many, whose refresh falls due the latest.
func latest(policy schedule.Policy, issued time.Time, life time.Duration) int64 {
	var worst int64
	var at time.Time
	for id := range int64(1000) {
		d := policy.Next(schedule.Token{ID: id, Kind: schedule.Long, IssuedAt: issued, ExpiresAt: issued.Add(life)})
		if d.At.After(at) {
			worst, at = id, d.At
		}
	}
	return worst
}
