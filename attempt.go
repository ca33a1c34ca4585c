package evergrant

import (
	"context"
	"time"

	"github.com/evergrant/evergrant/schedule"
)

// A verdict is what an attempt at Meta has shown.
type verdict struct {
	outcome Outcome  // converted, refreshed, failed or reconnect
	token   Token    // what Meta gave; empty unless converted or refreshed
	failure *Failure // what Meta refused; nil on success
	note    string   // what else is to be said; may be empty
	refused string   // fingerprint of a value that is refused for good; may be empty
	// onlyAsked: nothing is wrong; the token was asked whose it is, and answered.
	onlyAsked bool
	hold      time.Time // leave the channel alone until then; zero: as the class says
	suspect   bool      // refused twice, but so was every other token that was asked
	usage     Usage
}

// attempt calls Meta for one channel. It writes nothing. suspicious: the brake is closed
// because the tokens of many channels are refused, so that asking canaries is no news.
func (k *Keeper) attempt(ctx context.Context, h Held, action schedule.Action, suspicious bool) verdict {
	v := k.call(ctx, h, action)
	// A short-lived token is never too young, and has no time to wait.
	if v.failure.odd() && !v.failure.configuration() && h.TokenKind != ShortLived {
		if until := k.ripens(ctx, h); h.TokenKind == UnknownKind || until.After(k.instant()) {
			v = k.unlessAlive(ctx, h, v, until)
		}
	}
	if v.failure == nil || v.failure.Class != Lost {
		return v
	}
	v = k.confirm(ctx, h, v.failure, suspicious)
	v.onlyAsked = action == schedule.Verify && v.outcome == OutcomeFailed && v.failure.Class == Transient && !v.suspect
	return v
}

// odd reports whether Meta refused in words that say nothing about the token: what it
// answers to a refresh before 24 hours is written down nowhere.
func (f *Failure) odd() bool {
	return f != nil && f.Answered() && (f.Class == AppWide || f.Class == Transient)
}

// configuration reports a refusal of the app's id or secret, as against code 100, which is
// also what a token of the wrong kind or age gets.
func (f *Failure) configuration() bool { return f.Class == AppWide && f.Code != 100 }

// noteOrphan remembers that a channel's lease-holder died at its work.
func (k *Keeper) noteOrphan(id int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.orphans == nil {
		k.orphans = map[int64]bool{}
	}
	k.orphans[id] = true
}

func (k *Keeper) orphaned(id int64) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.orphans[id]
}

// ripens is until when a living token may be too young for Meta: for a day from its issue;
// from when it was first seen, where the issue is unknown; and from a call whose answer was
// lost, because that may have been a refresh.
func (k *Keeper) ripens(ctx context.Context, h Held) time.Time {
	const ripe = schedule.MinAge + schedule.Margin
	now := k.instant()
	born := h.scheduled(now).Issued()
	if born.IsZero() {
		born = h.CreatedAt
	}
	if k.orphaned(h.ID) {
		born = now
	}
	events, err := k.store.Events(ctx, h.ID, 20)
	if err != nil {
		k.log.WarnContext(ctx, "the history could not be read", "channel", h.ID, "error", err)
	}
	for _, ev := range events {
		if ev.Type == EventFailed && ev.Error != nil && ev.Error.Class == Transient && ev.Error.Code == 0 && ev.At.After(born) {
			born = ev.At
		}
	}
	until := born.Add(ripe)
	if latest := now.Add(ripe); until.After(latest) {
		until = latest
	}
	// Within an hour of being first seen, a token of unknown kind may be a short-lived one.
	if soon := now.Add(10 * time.Minute); h.TokenKind == UnknownKind && now.Before(h.CreatedAt.Add(schedule.ShortLife)) && until.After(soon) {
		until = soon
	}
	// Not so long that a token which is older than it seems would die of it.
	if latest := h.ExpiresAt.Add(-6 * time.Hour); !h.ExpiresAt.IsZero() && until.After(latest) {
		until = latest
	}
	return until
}

// unlessAlive asks whose token it is after an odd refusal. One that answers is a good
// token, whatever its kind, and neither the channel nor the app is to blame; until is how
// long it may be too young.
func (k *Keeper) unlessAlive(ctx context.Context, h Held, v verdict, until time.Time) verdict {
	id, err := k.provider.Identify(ctx, h.Value)
	switch f := asFailure(err); {
	case err == nil:
		v.failure, v.usage = softened(v.failure), id.Usage
		v.note = "the token works, but Instagram neither exchanges nor refreshes it"
		if until.After(k.instant()) {
			v.outcome, v.onlyAsked, v.hold = OutcomeSkipped, true, until
			v.note = "the token works and is too young for Instagram to extend it; tried again after " + until.UTC().Format(time.RFC3339)
		}
	case f.Class == Lost:
		v.failure = f
	}
	return v
}

// call makes the one call that the action names. A token of unknown kind is offered for
// exchange first, because a short-lived one dies within the hour; if Meta answers that
// with a refusal, it is offered for refresh, unless it is known to be too young.
func (k *Keeper) call(ctx context.Context, h Held, action schedule.Action) verdict {
	switch action {
	case schedule.Refresh:
		return refreshed(k.provider.Refresh(ctx, h.Value))
	case schedule.Verify: // the refusal that brought us here is the first answer
		return failed(&Failure{Class: Lost, Scope: ScopeChannel, Endpoint: "call", Status: 400, Code: 190, Message: "the token was refused in a call"})
	}
	issued, err := k.provider.Exchange(ctx, h.Value)
	if err == nil {
		return verdict{outcome: OutcomeConverted, token: issued.Token, usage: issued.Usage}
	}
	v := failed(asFailure(err))
	exchange := v.failure
	if h.TokenKind == ShortLived || !exchange.Answered() || exchange.Class == Throttled || exchange.Class == Blocked || exchange.configuration() {
		return v
	}
	if now := k.instant(); !now.Before(h.scheduled(now).OldEnough(schedule.Margin)) {
		if v = refreshed(k.provider.Refresh(ctx, h.Value)); v.failure == nil {
			v.note = "it was long-lived already"
			return v
		}
	}
	if exchange.Class == Lost && v.failure.Answered() {
		v.failure = exchange // it refused the value itself, which says more
	}
	return v
}

func refreshed(issued Issued, err error) verdict {
	if err != nil {
		return failed(asFailure(err))
	}
	return verdict{outcome: OutcomeRefreshed, token: issued.Token, usage: issued.Usage}
}

func failed(f *Failure) verdict {
	return verdict{outcome: OutcomeFailed, failure: f, usage: f.Usage}
}

// softened is f as a transient failure of one channel: what else is known speaks
// against the verdict that its code would give.
func softened(f *Failure) *Failure {
	soft := *f
	soft.Class, soft.Scope = Transient, ScopeChannel
	return &soft
}
