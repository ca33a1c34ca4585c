package evergrant

import (
	"context"
	"fmt"

	"github.com/evergrant/evergrant/schedule"
)

// Check asks Meta whose token a channel has, and reports what `refresh` would make of
// it. It changes nothing, neither here nor at Meta: it takes no lease, and not even a
// refusal is written down.
func (k *Keeper) Check(ctx context.Context, id int64) (Result, error) {
	h, err := k.store.Held(ctx, id)
	if err != nil {
		return Result{}, fmt.Errorf("check: %w", err)
	}
	now := k.instant()
	d := schedule.RefreshNow(h.scheduled(now), now)
	res := resultOf(h.Channel, d)
	if !h.usable() {
		return res, nil
	}
	if d.Due(now) {
		res.Outcome = OutcomePlanned
	}
	if b, err := k.store.Brake(ctx, h.App); err != nil {
		return Result{}, fmt.Errorf("check: %w", err)
	} else if believable(b.PausedUntil, now) {
		res.Outcome = OutcomeSkipped
		return res, &PausedError{b.PausedUntil}
	}
	_, err = k.provider.Identify(ctx, h.Value)
	if err == nil {
		res.Reason = "Instagram accepts the token; " + res.Reason
		return res, nil
	}
	f := asFailure(err)
	res.Error = f.lastError(now)
	switch f.Class {
	case Lost:
		res.Outcome, res.Reason = OutcomeReconnect, "Instagram refuses the token (asked once, a refresh will confirm): "+res.Error.summary()
	case Blocked:
		res.Outcome, res.Reason = OutcomeReconnect, "the owner must act inside Instagram: "+res.Error.summary()
	default:
		res.Outcome, res.Reason = OutcomeFailed, "could not be checked: "+f.Error()
		res.unanswered = f.unanswered()
		if f.Class == Throttled && f.Scope == ScopeApp {
			return res, &PausedError{now.Add(regain(f.RetryAfter))}
		}
	}
	return res, nil
}
