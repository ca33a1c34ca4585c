package evergrant

import (
	"context"
	"slices"

	"github.com/evergrant/evergrant/schedule"
)

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
