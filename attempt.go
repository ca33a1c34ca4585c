package evergrant

import (
	"context"
	"slices"
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
	if until := k.ripens(h); v.failure.odd() && until.After(k.instant()) {
		v = k.unlessAlive(ctx, h, v)
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

// ripens is until when a living token may be too young for Meta: for a day from its issue;
// from when it was first seen, where the issue is unknown; and from a call whose answer was
// lost, because that may have been a refresh. Zero: it is old enough.
func (k *Keeper) ripens(h Held) time.Time {
	const ripe = schedule.MinAge + schedule.Margin
	var until time.Time
	if issued := h.scheduled(k.instant()).Issued(); issued.IsZero() {
		until = h.CreatedAt.Add(ripe)
	} else {
		until = issued.Add(ripe)
	}
	if last := h.LastError; last != nil && last.Class == Transient && last.Code == 0 && last.At.Add(ripe).After(until) {
		until = last.At.Add(ripe)
	}
	// Not so long that a token which is older than it seems would die of it.
	if latest := h.ExpiresAt.Add(-6 * time.Hour); !h.ExpiresAt.IsZero() && until.After(latest) {
		until = latest
	}
	return until
}

// unlessAlive asks whose token it is after an odd refusal. One that answers is a good
// token, whatever its kind, and neither the channel nor the app is to blame.
func (k *Keeper) unlessAlive(ctx context.Context, h Held, v verdict) verdict {
	id, err := k.provider.Identify(ctx, h.Value)
	switch f := asFailure(err); {
	case err == nil:
		v.failure, v.usage = softened(v.failure), id.Usage
		v.note = "the token works, but Instagram neither exchanges nor refreshes it"
		if until := k.ripens(h); until.After(k.instant()) {
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
	if h.TokenKind == ShortLived || !exchange.Answered() || exchange.Class == Throttled || exchange.Class == Blocked {
		return v
	}
	if now := k.instant(); !now.Before(h.scheduled(now).OldEnough(schedule.Margin)) {
		if v = refreshed(k.provider.Refresh(ctx, h.Value)); v.failure == nil {
			v.note = "it was long-lived already"
			return v
		}
	}
	switch {
	case exchange.Class == Lost && v.failure.Answered():
		v.failure = exchange // it refused the value itself, which says more
	case v.failure.odd():
		v = k.unlessAlive(ctx, h, v)
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

// confirm asks for the second answer that a loss needs. first is Meta's refusal of the
// value. The previous token is tried before anybody is asked to log in again, and a
// canary of the same app must be alive, because an app in trouble looks like many
// lost channels.
func (k *Keeper) confirm(ctx context.Context, h Held, first *Failure, suspicious bool) verdict {
	id, err := k.provider.Identify(ctx, h.Value)
	if err == nil {
		v := failed(softened(first))
		v.note, v.usage = "Instagram refused the call, but the token still answers: not lost", id.Usage
		return v
	}
	second := asFailure(err)
	switch second.Class {
	case Lost:
	case Blocked, Throttled, AppWide:
		return failed(second)
	default:
		v := failed(softened(first))
		v.note = "Instagram refused the token once; the second answer is still missing"
		return v
	}
	if v, ok := k.tryPrevious(ctx, h); ok {
		v.refused = h.Value.Fingerprint()
		return v
	}
	v := failed(first)
	if h.ExpirySource != FromGuess && h.Token().Expired(k.instant()) {
		// Time has said so, and Meta twice: whatever else is broken, this token is dead.
		v.outcome, v.refused = OutcomeReconnect, h.Value.Fingerprint()
		return v
	}
	answer := canaryRefused
	if !suspicious {
		answer = k.canary(ctx, h.Channel, 4)
	}
	switch answer {
	case canaryAlive, canaryAlone:
		v.outcome, v.refused = OutcomeReconnect, h.Value.Fingerprint()
	case canaryRefused:
		v.failure, v.suspect = softened(first), true
		v.note = "Instagram refuses every token that was asked: held to be trouble of the app, not of the channels"
	case canaryUnclear:
		v.failure = softened(first)
		v.note = "Instagram refused the token, but no other channel could be asked to compare"
	}
	return v
}

// tryPrevious tries the token before the current one, once, if it may still live.
func (k *Keeper) tryPrevious(ctx context.Context, h Held) (verdict, bool) {
	now, prev := k.instant(), h.Previous
	if prev.Value.Empty() || prev.Expired(now) || prev.Value.Equal(h.Value) || prev.Value.Fingerprint() == h.Refused {
		return verdict{}, false
	}
	var v verdict
	age := schedule.Token{Kind: prev.Kind, IssuedAt: prev.IssuedAt, ExpiresAt: prev.ExpiresAt}
	switch {
	case prev.Kind == ShortLived:
		issued, err := k.provider.Exchange(ctx, prev.Value)
		v = verdict{outcome: OutcomeConverted, token: issued.Token, usage: issued.Usage}
		if err != nil {
			v = failed(asFailure(err))
		}
	case !now.Before(age.OldEnough(0)):
		v = refreshed(k.provider.Refresh(ctx, prev.Value))
	default:
		id, err := k.provider.Identify(ctx, prev.Value)
		v = verdict{outcome: OutcomeSkipped, token: prev, usage: id.Usage}
		if err != nil {
			v = failed(asFailure(err))
		}
	}
	v.note = "the current token was refused; the previous one works"
	return v, v.failure == nil
}

// What the canaries have shown.
type canaryAnswer int

const (
	canaryAlive   canaryAnswer = iota // another channel's token answers
	canaryAlone                       // too few others exist to say anything
	canaryRefused                     // the others are refused, too
	canaryUnclear                     // no answer worth the name
)

// canary asks whether the tokens of up to n other channels of the app still answer.
// The calls start after the refusal that made us ask, so an answer is news.
func (k *Keeper) canary(ctx context.Context, lost Channel, n int) canaryAnswer {
	refused, unclear := 0, 0
	for _, id := range k.canaries(ctx, lost, 2*n) {
		if refused+unclear >= n {
			break
		}
		h, err := k.store.Held(ctx, id)
		if err != nil || h.App != lost.App || !h.usable() || h.Token().Expired(k.instant()) {
			continue
		}
		_, err = k.provider.Identify(ctx, h.Value)
		switch {
		case err == nil:
			k.noteAlive(id)
			return canaryAlive
		case asFailure(err).Class == Lost:
			refused++
		default:
			unclear++
		}
	}
	switch {
	case refused >= n:
		return canaryRefused
	case unclear > 0:
		return canaryUnclear
	}
	return canaryAlone
}

// canaries lists channels to ask, the most promising first: those whose token answered
// this process lately, then what the store recommends.
func (k *Keeper) canaries(ctx context.Context, lost Channel, limit int) []int64 {
	k.mu.Lock()
	ids := slices.Clone(k.recent)
	k.mu.Unlock()
	others, err := k.store.Canaries(ctx, lost.App, k.instant(), limit+1)
	if err != nil {
		k.log.WarnContext(ctx, "no canaries could be found", "error", err)
	}
	seen := map[int64]bool{lost.ID: true}
	return slices.DeleteFunc(append(ids, others...), func(id int64) bool {
		known := seen[id]
		seen[id] = true
		return known
	})
}

// noteAlive remembers a channel whose token has just answered.
func (k *Keeper) noteAlive(id int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	const keep = 4
	if !slices.Contains(k.recent, id) {
		k.recent = append([]int64{id}, k.recent[:min(len(k.recent), keep-1)]...)
	}
}
