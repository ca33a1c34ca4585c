package evergrant

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evergrant/evergrant/schedule"
)

// Recover is for callers whose call Meta has refused with error 190 or 102: refused is
// the token value that they used. It gives back the channel with a token that is worth
// one more try: a newer one that the store already has, or one from a refresh that all
// concurrent callers share. [ErrLost]: only the owner can help; [ErrNoToken]: not right
// now. The caller repeats its call at the most once.
func (k *Keeper) Recover(ctx context.Context, id int64, refused Secret) (Held, error) {
	h, err := k.store.Held(ctx, id)
	if err != nil {
		return Held{}, fmt.Errorf("recover: %w", err)
	}
	if h.usable() && !h.Value.Equal(refused) {
		return h, nil
	}
	if before := h.IssuedAt; h.usable() {
		_, err := k.change(ctx, id, ask{verb: "recover", wait: true, refused: refused, decide: func(c Channel, now time.Time) schedule.Decision {
			d := k.patiently(schedule.RecoverNow(c.scheduled(now), now), c, now)
			if again := c.LastAttemptAt.Add(k.policy.BackoffMin); d.Due(now) && again.After(now) && !c.LastAttemptAt.After(now) {
				d.At = again // Meta was asked about this channel a moment ago
			}
			return d
		}})
		if err != nil && !errors.Is(err, ErrBraked) && !errors.Is(err, ErrThrottled) {
			return Held{}, err
		}
		if h, err = k.store.Held(ctx, id); err != nil {
			return Held{}, fmt.Errorf("recover: %w", err)
		}
		// A refresh may give the same string back. That it was given says that it lives.
		if h.usable() && (!h.Value.Equal(refused) || h.IssuedAt.After(before)) {
			return h, nil
		}
	}
	if h.Status == ReconnectRequired {
		return Held{}, fmt.Errorf("channel %d (%s): %w: %s", id, h.Name(), ErrLost, h.Reason)
	}
	return Held{}, fmt.Errorf("channel %d (%s): %w: Instagram refused it, and there is no other yet", id, h.Name(), ErrNoToken)
}
