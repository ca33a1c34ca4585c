package evergrant

import (
	"fmt"
	"time"

	"github.com/evergrant/evergrant/schedule"
)

// How long to leave Meta alone after a throttling answer that names no time.
const defaultHold = 15 * time.Minute

// The share of a limit from which on the engine pauses before Meta does it.
const fullUsage = 95.0

// settle turns a verdict into the row and the events to be written. It is pure, but
// for the plan of the next attempt, which depends on the policy.
func (k *Keeper) settle(h Held, v verdict, now time.Time) (Held, []Event) {
	before := h.Channel
	h.LastAttemptAt = now
	if v.refused != "" {
		h.Refused = v.refused
	}
	var events []Event
	if v.failure == nil {
		events = succeed(&h, v, now)
	} else {
		events = fail(&h, v, now)
	}
	if v.usage.Account >= fullUsage && h.HoldUntil.Before(now) {
		h.HoldUntil = now.Add(regain(v.usage.AccountRegain))
	}
	if h.Previous.Expired(now) {
		h.Previous = Token{}
	}
	if before.Status == Paused && h.Status == Connected {
		events = append(events, Event{ChannelID: h.ID, At: now, Type: EventRecovered, Reason: "works again after the owner acted"})
	}
	k.plan(&h.Channel, now)
	return h, events
}

// succeed writes a new token into the row. A fallback to the previous token swaps the
// two without pretending that a life was extended.
func succeed(h *Held, v verdict, now time.Time) []Event {
	old := h.Value
	h.SetToken(v.token)
	if v.refused == old.Fingerprint() {
		h.Previous = Token{} // never to be tried again
	}
	h.Status, h.Reason = Connected, ""
	h.Attempts, h.LastError, h.HoldUntil = 0, nil, time.Time{}
	kind := EventConverted
	switch v.outcome {
	case OutcomeRefreshed:
		kind, h.RefreshedAt = EventRefreshed, now
	case OutcomeSkipped:
		kind = EventRecovered // by the previous token, whose life is what it was
	}
	return []Event{{ChannelID: h.ID, At: now, Type: kind, Reason: v.note, Data: map[string]string{
		"old_token":  old.Fingerprint(),
		"new_token":  v.token.Value.Fingerprint(),
		"expires_at": h.ExpiresAt.Format(time.RFC3339),
	}}}
}

// fail notes a failure according to its class. No failure takes the token away.
func fail(h *Held, v verdict, now time.Time) []Event {
	f := v.failure
	last, before := f.lastError(now), h.LastError
	h.LastError = last
	ev := Event{ChannelID: h.ID, At: now, Type: EventFailed, Reason: v.note, Error: last}
	switch {
	case v.onlyAsked:
		h.LastError, h.HoldUntil = before, v.hold.Truncate(time.Millisecond)
		return nil // nothing has failed
	case v.outcome == OutcomeReconnect:
		h.Status, h.Reason = ReconnectRequired, "Instagram refuses the token, twice asked: "+last.summary()
		h.Attempts++
		ev.Type, ev.Reason = EventReconnectRequired, h.Reason
	case f.Class == Throttled:
		h.HoldUntil = now.Add(regain(f.RetryAfter))
	case f.Class == Blocked:
		h.Attempts++
		if h.Status != Paused {
			ev.Type = EventPaused
		}
		h.Status, h.Reason = Paused, "the owner must act inside Instagram: "+last.summary()
		ev.Reason = h.Reason
	default:
		h.Attempts++
	}
	return []Event{ev}
}

// regain bounds the pause that Meta asks for: at least a minute, at most a day.
func regain(asked time.Duration) time.Duration {
	if asked <= 0 {
		return defaultHold
	}
	return min(max(asked, time.Minute), 24*time.Hour)
}

// summary is the failure in one short clause.
func (e *LastError) summary() string {
	code := string(e.Class)
	switch {
	case e.Code != 0 && e.Subcode != 0:
		code = fmt.Sprintf("%d/%d", e.Code, e.Subcode)
	case e.Code != 0:
		code = fmt.Sprint(e.Code)
	}
	if e.Message == "" {
		return code
	}
	return code + " " + e.Message
}

// result is the verdict as a report shows it. why is the reason of the decision that
// led to the call.
func (v verdict) result(c Channel, why string) Result {
	r := Result{
		ID: c.ID, Username: c.Name(), TokenKind: c.TokenKind, Status: c.Status,
		Outcome: v.outcome, Reason: why, ExpiresAt: c.ExpiresAt, Error: c.LastError,
		unanswered: v.failure.unanswered(),
	}
	if v.note != "" {
		r.Reason = v.note
	}
	switch {
	case v.failure == nil:
	case c.Status != Connected:
		r.Reason = c.Reason
	case v.note == "":
		r.Reason = v.failure.explain(c)
	}
	return r
}

// explain says what a failure of this class means for the channel.
func (f *Failure) explain(c Channel) string {
	switch f.Class {
	case Throttled:
		return "Instagram asked to wait until " + c.HoldUntil.Format(time.RFC3339)
	case Denied:
		if f.Code == 0 { // not Meta's word, but ours: something is not set
			return f.Message
		}
		return "a permission is missing; the token is kept"
	case AppWide:
		return "Instagram refuses the app, not the channel; the token is kept"
	}
	if c.NextAttemptAt.IsZero() {
		return "a passing failure; the token is kept"
	}
	return "a passing failure; the token is kept and tried again after " + c.NextAttemptAt.Format(time.RFC3339)
}

// resultOf reports a channel for which nothing was done.
func resultOf(c Channel, d schedule.Decision) Result {
	r := Result{
		ID: c.ID, Username: c.Name(), TokenKind: c.TokenKind, Status: c.Status,
		Outcome: OutcomeSkipped, Reason: d.Reason(), ExpiresAt: c.ExpiresAt, Error: nil,
	}
	if d.Action == schedule.AskOwner {
		r.Outcome, r.Error = OutcomeReconnect, c.LastError
		if c.Reason != "" {
			r.Reason = c.Reason
		}
	}
	return r
}

// stoppedResult reports a channel whose turn did not come, or whose outcome could not
// be stored.
func stoppedResult(c Channel, err error) Result {
	return Result{
		ID: c.ID, Username: c.Name(), TokenKind: c.TokenKind, Status: c.Status,
		Outcome: OutcomeSkipped, Reason: err.Error(), ExpiresAt: c.ExpiresAt,
	}
}
