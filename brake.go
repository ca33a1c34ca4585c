package evergrant

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// The fleet brake. When many channels of one app fail alike, the app is in trouble and
// not the channels: refreshes stop, one canary at a time asks whether Meta has come
// round, and nobody is declared lost.
const (
	brakeWindow   = 10 * time.Minute // how far back attempts count
	brakeChannels = 5                // at least so many channels, and
	brakeShare    = 0.20             // at least this share of the attempts
	probeFirst    = time.Minute      // between canaries: doubling from this
	probeLast     = time.Hour        // to this
)

// A PausedError says until when Meta wants the whole app to be quiet. It matches
// [ErrThrottled].
type PausedError struct{ Until time.Time }

func (e *PausedError) Error() string {
	return "Instagram throttles the app: no calls until " + e.Until.Format(time.RFC3339)
}

// Is matches [ErrThrottled].
func (e *PausedError) Is(target error) bool { return target == ErrThrottled }

// A BrakedError says why the fleet brake is closed. It matches [ErrBraked].
type BrakedError struct{ Brake Brake }

func (e *BrakedError) Error() string {
	return fmt.Sprintf("fleet brake closed since %s: %s; no channel is declared lost, and work resumes when Instagram answers again",
		e.Brake.ClosedAt.Format(time.RFC3339), e.Brake.Reason)
}

// Is matches [ErrBraked].
func (e *BrakedError) Is(target error) bool { return target == ErrBraked }

// A window is a sliding window over the attempts of this process. The zero value is
// ready; it is safe for concurrent use.
type window struct {
	mu       sync.Mutex
	attempts []attemptNote // oldest first
}

type attemptNote struct {
	at        time.Time
	app       string
	channel   int64
	signature string // "" when the app is not to blame
}

// note adds an attempt and reports whether it makes the brake close: enough different
// channels of the app, and enough of its attempts, failed with this signature.
func (w *window) note(n attemptNote) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.attempts = append(w.attempts, n)
	old := 0
	for old < len(w.attempts) && w.attempts[old].at.Before(n.at.Add(-brakeWindow)) {
		old++
	}
	w.attempts = w.attempts[old:]
	if n.signature == "" {
		return false
	}
	channels, alike, all := map[int64]bool{}, 0, 0
	for _, a := range w.attempts {
		if a.app != n.app {
			continue
		}
		all++
		if a.signature == n.signature {
			alike++
			channels[a.channel] = true
		}
	}
	return len(channels) >= brakeChannels && float64(alike) >= brakeShare*float64(all)
}

func (w *window) reset(app string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	kept := w.attempts[:0]
	for _, a := range w.attempts {
		if a.app != app {
			kept = append(kept, a)
		}
	}
	w.attempts = kept
}

// passBrake says whether a call may be made for the app now. Where the returned brake is
// closed, the call is a probe, to be claimed by claimProbe right before it is made.
func (k *Keeper) passBrake(ctx context.Context, app string, a ask) (Brake, error) {
	b, err := k.store.Brake(ctx, app)
	if err != nil {
		return Brake{}, fmt.Errorf("read the fleet brake: %w", err)
	}
	now := k.instant()
	if believable(b.PausedUntil, now) {
		return Brake{}, &PausedError{b.PausedUntil}
	}
	if b.Closed && !a.mayProbe(b) && now.Before(b.NextProbeAt) {
		return Brake{}, &BrakedError{b}
	}
	return b, nil
}

// mayProbe reports whether the ask need not wait for the next canary's time. Where token
// values are in doubt, as against the app's calls, a run goes on through the fleet: it
// declares nobody lost meanwhile, and the healthy must not starve behind the refused.
func (a ask) mayProbe(b Brake) bool {
	values := b.Signature == string(Lost) || b.Signature == string(AppWide)+"/190"
	return a.operator || a.run && values
}

// claimProbe makes the caller the one who sends the next canary. Operators do not stand
// in line: somebody is looking.
func (k *Keeper) claimProbe(ctx context.Context, b Brake, a ask) error {
	b.NextProbeAt = k.instant().Add(min(probeFirst<<min(b.Probes, 10), probeLast))
	b.Probes++
	switch err := k.store.SetBrake(ctx, b); {
	case err == nil, errors.Is(err, ErrStale) && a.mayProbe(b):
		return nil
	case errors.Is(err, ErrStale):
		return &BrakedError{b} // another worker sends it
	default:
		return fmt.Errorf("write the fleet brake: %w", err)
	}
}

// noteAttempt feeds the brake with what an attempt has shown about the app.
func (k *Keeper) noteAttempt(ctx context.Context, app string, id int64, v verdict, canary bool) {
	f, now := v.failure, k.instant()
	switch {
	case f == nil:
		k.noteAlive(id)
		k.window.note(attemptNote{at: now, app: app, channel: id})
		if canary {
			k.openBrake(ctx, app)
		}
		if v.usage.App >= fullUsage {
			k.pauseApp(ctx, app, now.Add(defaultHold), "the app has used up its limit")
		}
	case v.suspect:
		if k.window.note(attemptNote{at: now, app: app, channel: id, signature: string(Lost)}) {
			k.closeBrake(ctx, app, string(Lost), "Instagram refuses the tokens of many channels at once ("+f.Error()+")")
		}
	case f.Class == AppWide:
		if k.window.note(attemptNote{at: now, app: app, channel: id, signature: f.Signature()}) {
			k.closeBrake(ctx, app, f.Signature(), f.Error())
		}
	case f.Class == Throttled && f.Scope == ScopeApp:
		k.pauseApp(ctx, app, now.Add(regain(f.RetryAfter)), f.Error())
	default:
		k.window.note(attemptNote{at: now, app: app, channel: id})
		if canary && (v.outcome == OutcomeReconnect || v.onlyAsked || f.Class == Blocked || f.Class == Denied) {
			k.openBrake(ctx, app) // Meta judges single channels again
		}
	}
}

func (k *Keeper) closeBrake(ctx context.Context, app, signature, reason string) {
	now := k.instant()
	if k.changeBrake(ctx, app, func(b *Brake) bool {
		if b.Closed {
			return false
		}
		b.Closed, b.Signature, b.Reason, b.ClosedAt = true, signature, reason, now
		b.Probes, b.NextProbeAt = 0, now.Add(probeFirst)
		return true
	}) {
		k.log.ErrorContext(ctx, "fleet brake closed: Instagram refuses the whole app; no channel is declared lost", "app", app, "signature", signature, "reason", reason)
	}
}

func (k *Keeper) openBrake(ctx context.Context, app string) {
	k.window.reset(app)
	if k.changeBrake(ctx, app, func(b *Brake) bool {
		if !b.Closed {
			return false
		}
		*b = Brake{App: b.App, PausedUntil: b.PausedUntil, Version: b.Version}
		return true
	}) {
		k.log.InfoContext(ctx, "fleet brake opened: Instagram answers again", "app", app)
	}
}

func (k *Keeper) pauseApp(ctx context.Context, app string, until time.Time, reason string) {
	if k.changeBrake(ctx, app, func(b *Brake) bool {
		if b.PausedUntil.Add(time.Minute).After(until) {
			return false // known already, but for the moments that calls under way took
		}
		b.PausedUntil = until
		return true
	}) {
		k.log.WarnContext(ctx, "Instagram throttles the app: pausing", "app", app, "until", until, "reason", reason)
	}
}

// changeBrake applies change to the stored brake until no other writer gets in between,
// and reports whether it wrote. A brake that cannot be written is logged: the next
// failure tries again.
func (k *Keeper) changeBrake(ctx context.Context, app string, change func(*Brake) bool) bool {
	for {
		b, err := k.store.Brake(ctx, app)
		if err == nil {
			if !change(&b) {
				return false
			}
			err = k.store.SetBrake(ctx, b)
		}
		switch {
		case err == nil:
			return true
		case !errors.Is(err, ErrStale):
			k.log.ErrorContext(ctx, "the fleet brake could not be written", "app", app, "error", err)
			return false
		}
	}
}
