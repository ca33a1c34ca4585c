package evergrant

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evergrant/evergrant/schedule"
)

// An ask is one wish for a change of a channel's token.
type ask struct {
	verb     string // what is said in errors; with wish it tells flights apart
	wish     string // what else decide depends on
	decide   func(Channel, time.Time) schedule.Decision
	wait     bool   // for a lease that somebody else holds
	operator bool   // a person is behind it: a closed brake is probed at once
	run      bool   // it is part of an operator's run, whose channels are all canaries where values are in doubt
	daemon   bool   // it comes from the list of what is due, which must be right
	refused  Secret // the value that Meta has just refused; empty: none
}

// change carries out an ask, shared with everybody in this process who asks the same.
func (k *Keeper) change(ctx context.Context, id int64, a ask) (Result, error) {
	key := fmt.Sprintf("%d/%s/%s/%t/%t/%s", id, a.verb, a.wish, a.wait, a.operator, a.refused.Fingerprint())
	res, err := k.flights.do(ctx, key, func(ctx context.Context) (Result, error) {
		return k.changeOnce(ctx, id, a)
	})
	if err != nil {
		return res, fmt.Errorf("%s: %w", a.verb, err)
	}
	return res, nil
}

// changeOnce is the rule for every change of a token; see [Keeper].
func (k *Keeper) changeOnce(ctx context.Context, id int64, a ask) (Result, error) {
	c, err := k.store.Channel(ctx, id)
	if err != nil {
		return Result{}, err
	}
	if d := a.decide(c, k.instant()); !d.Due(k.instant()) {
		if a.daemon {
			err = k.correct(ctx, c)
		}
		return resultOf(c, d), err
	}
	if _, err := k.passBrake(ctx, c.App, a); err != nil {
		return stoppedResult(c, err), err // and no lease is taken in vain
	}
	lease, held, err := k.acquire(ctx, id, a.wait)
	if err != nil {
		return stoppedResult(c, err), err
	}
	now := k.instant()
	d := a.decide(held.Channel, now)
	if !d.Due(now) || !a.refused.Empty() && !held.Value.Equal(a.refused) {
		res := resultOf(held.Channel, d)
		if held.Version != c.Version {
			res.Reason = "done by another worker meanwhile; " + res.Reason
		}
		return res, k.release(ctx, lease)
	}
	// Others may have learned meanwhile that Meta wants to be left alone.
	brake, err := k.passBrake(ctx, c.App, a)
	if err != nil {
		return stoppedResult(c, err), errors.Join(err, k.release(ctx, lease))
	}
	if brake.Closed {
		if err := k.claimProbe(ctx, brake, a); err != nil {
			return stoppedResult(c, err), errors.Join(err, k.release(ctx, lease))
		}
	}
	if d.Action == schedule.Refresh && (held.Token().Expired(now) || !a.refused.Empty()) {
		k.log.WarnContext(ctx, "🔄 Instagram access token expired, attempting refresh...", "channel", id, "username", held.Username)
	}
	budget, cancel := context.WithTimeout(ctx, attemptBudget)
	v := k.attempt(budget, held, d.Action, brake.Closed && brake.Signature == string(Lost))
	cancel()
	next, events := k.settle(held, v, k.instant())
	stored, err := k.commit(ctx, lease, next, events...)
	if err != nil {
		return stoppedResult(held.Channel, err), err
	}
	k.noteAttempt(ctx, stored.App, id, v, brake.Closed)
	res := v.result(stored, d.Reason())
	k.logOutcome(ctx, stored, v, res)
	if v.token.Value.Empty() || !unidentified(held) {
		return res, nil
	}
	if c, err := k.identify(ctx, id, v.token.Value); err != nil {
		k.log.WarnContext(ctx, "could not find out whose token it is; tried again after the next refresh", "channel", id, "error", err)
	} else if res.Username = c.Name(); c.Status != res.Status {
		res.Outcome, res.Status, res.Reason, res.Error = OutcomeFailed, c.Status, c.Reason, c.LastError
	}
	return res, nil
}

// unidentified reports whether it is to be asked whose token a channel has, once a new one
// is stored: as long as its account is not known, after trouble, and with the first token.
// The app-scoped id is asked for but once, since Meta may leave it out.
func unidentified(h Held) bool {
	first := h.RefreshedAt.IsZero() && h.AppScopedID == ""
	return h.AccountID == "" || h.Username == "" || h.Status == Paused || first
}

// correct gives a channel that stands in the daemon's list without being due its proper
// time, or else it would stand there for ever.
func (k *Keeper) correct(ctx context.Context, c Channel) error {
	now := k.instant()
	proper := c
	k.plan(&proper, now)
	if c.NextAttemptAt.IsZero() || c.NextAttemptAt.After(now) || !proper.NextAttemptAt.After(now) {
		return nil
	}
	lease, held, err := k.acquire(ctx, c.ID, false)
	if err != nil {
		return nil //nolint:nilerr // whoever holds it will write the proper time
	}
	k.plan(&held.Channel, now)
	_, err = k.commit(ctx, lease, held)
	return err
}

// acquire takes the lease of a channel, waiting for other holders if wait is set. A dead
// holder's lease ends at once on this machine, and by itself after LeaseTTL elsewhere.
func (k *Keeper) acquire(ctx context.Context, id int64, wait bool) (Lease, Held, error) {
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		lease, held, err := k.store.Acquire(ctx, id, k.owner, LeaseTTL)
		var leased *LeasedError
		if err == nil || !errors.As(err, &leased) {
			return lease, held, err
		}
		if processDead(leased.Owner) {
			// Its holder will not come back: no need to wait for the lease to run out. Should
			// that be wrong, the fencing number refuses what it would still write.
			if err := k.store.Release(ctx, Lease{ChannelID: id, Owner: leased.Owner, Seq: leased.Seq}); err != nil {
				return lease, held, err
			}
			k.noteOrphan(id)
			continue
		}
		if !wait {
			return lease, held, err
		}
		if err := sleep(ctx, min(pause, max(leased.Wait, time.Millisecond))); err != nil {
			return Lease{}, Held{}, err
		}
	}
}

// commit stores the outcome of an attempt. A token fresh from Meta may be the only
// good one, so a database that is away for a moment is asked again.
func (k *Keeper) commit(ctx context.Context, l Lease, h Held, events ...Event) (c Channel, err error) {
	tried := false
	err = k.persist(ctx, h.ID, func(ctx context.Context) error {
		c, err = k.store.Commit(ctx, l, h, events...)
		if tried && errors.Is(err, ErrStale) {
			// The first try may have been stored although its answer was lost.
			if now, again := k.store.Held(ctx, h.ID); again == nil && now.Version == h.Version+1 && now.Value.Equal(h.Value) && now.LastAttemptAt.Equal(h.LastAttemptAt) {
				c, err = now.Channel, nil
			}
		}
		tried = true
		return err
	})
	return c, err
}

// persist repeats a write until it is stored, refused for good, or commitBudget has passed.
func (k *Keeper) persist(ctx context.Context, id int64, write func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, commitBudget)
	defer cancel()
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		err := write(ctx)
		if err == nil || errors.Is(err, ErrStale) || errors.Is(err, ErrNotFound) {
			return err
		}
		if sleep(ctx, pause) != nil {
			k.log.ErrorContext(ctx, "what Instagram answered could not be stored", "channel", id, "error", err)
			return fmt.Errorf("store what Instagram answered: %w", err)
		}
	}
}

func (k *Keeper) release(ctx context.Context, l Lease) error {
	ctx, cancel := context.WithTimeout(ctx, commitBudget)
	defer cancel()
	return k.store.Release(ctx, l)
}

// sleep waits for d, or returns the context's error.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// logOutcome writes the lines that operators look for; their wording is a contract.
func (k *Keeper) logOutcome(ctx context.Context, c Channel, v verdict, res Result) {
	attrs := []any{"channel", c.ID, "username", c.Username}
	switch res.Outcome {
	case OutcomeConverted:
		seconds := int64(c.ExpiresAt.Sub(c.IssuedAt) / time.Second)
		k.log.InfoContext(ctx, fmt.Sprintf("✅ Successfully converted to long-lived token, expires in %d seconds", seconds), attrs...)
	case OutcomeRefreshed:
		k.log.InfoContext(ctx, fmt.Sprintf("✅ Instagram token refreshed for channel %s, expires at %s", c.Name(), c.ExpiresAt.Format(time.RFC3339)), attrs...)
	default:
		f := v.failure
		if f == nil || v.onlyAsked {
			k.log.InfoContext(ctx, res.Reason, attrs...)
			return
		}
		attrs = append(attrs, "class", f.Class, "code", f.Code, "subcode", f.Subcode, "trace", f.TraceID, "reason", res.Reason)
		if c.Status == ReconnectRequired {
			k.log.ErrorContext(ctx, "❌ All token refresh methods failed", attrs...)
			return
		}
		k.log.WarnContext(ctx, "the token could not be extended; it is kept and tried again", append(attrs, "next_attempt", c.NextAttemptAt)...)
	}
}
