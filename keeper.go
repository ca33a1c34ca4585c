package evergrant

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/evergrant/evergrant/schedule"
)

// The budgets inside one lease. LeaseTTL is longer than all of them together, so a
// living holder never loses its lease; a dead one's channel is free again in less
// than two minutes.
const (
	attemptBudget = 60 * time.Second // every call to Meta of one attempt
	commitBudget  = 15 * time.Second // storing the outcome, repeated while the database is away
	LeaseTTL      = 90 * time.Second
)

// A Keeper owns the life of every channel's token. Everything that changes a token
// goes through it. It is safe for concurrent use; any number of Keepers in any number of
// processes may share a store. Work under way outlives a caller that gives up, since its
// answer may be a token: [Keeper.Wait] before the store is closed.
//
// The rule for every change: decide from the stored row; take the channel's lease;
// decide again; call Meta once; write token, expiry, state and event in one
// transaction under the lease's fencing number.
type Keeper struct {
	store     Store
	provider  Provider
	now       func() time.Time
	log       *slog.Logger
	owner     string
	app       string
	policy    schedule.Policy
	subscribe []string

	flights flights[Result]
	window  window // of attempts, for the fleet brake

	mu      sync.Mutex
	recent  []int64        // channels whose token answered lately: good canaries
	orphans map[int64]bool // channels whose lease-holder died at its work: its call may have taken effect
}

// A Config is what a Keeper is made of. Store is needed always, Provider for
// everything that talks to Meta; the zero value of the rest is a sensible default.
type Config struct {
	Store    Store
	Provider Provider
	Now      func() time.Time // nil: time.Now
	Log      *slog.Logger     // nil: nothing is logged
	Owner    string           // names this process in leases; "": host, pid and a random part
	App      string           // "": DefaultApp
	Policy   schedule.Policy  // zero: schedule.DefaultPolicy
	// SubscribeFields are the webhook fields asked for after a login; none: no subscription.
	SubscribeFields []string
}

// New makes a Keeper. It fails when cfg has no store or an unsafe policy.
func New(cfg Config) (*Keeper, error) {
	if cfg.Store == nil {
		return nil, errors.New("evergrant: Config.Store is missing")
	}
	k := &Keeper{
		store: cfg.Store, provider: cfg.Provider, now: cfg.Now, log: cfg.Log,
		owner: cfg.Owner, app: cfg.App, policy: cfg.Policy, subscribe: cfg.SubscribeFields,
	}
	if k.provider == nil {
		k.provider = noProvider{}
	}
	if k.now == nil {
		k.now = time.Now
	}
	if k.log == nil {
		k.log = slog.New(slog.DiscardHandler)
	}
	if k.owner == "" {
		k.owner = processName()
	}
	if k.app == "" {
		k.app = DefaultApp
	}
	if k.policy == (schedule.Policy{}) {
		k.policy = schedule.DefaultPolicy()
	}
	if err := k.policy.Validate(); err != nil {
		return nil, fmt.Errorf("evergrant: %w", err)
	}
	return k, nil
}

// instant is now as stores keep it: UTC, whole milliseconds.
func (k *Keeper) instant() time.Time { return k.now().UTC().Truncate(time.Millisecond) }

// maxPause is more than Meta is ever given. What lies further ahead was written by a clock
// that was wrong, and would otherwise have to be waited for.
const maxPause = 25 * time.Hour

// believable reports whether a pause until some instant still stands at now.
func believable(until, now time.Time) bool {
	return now.Before(until) && until.Sub(now) <= maxPause
}

// scheduled is the channel as package schedule sees it at now, without what only a wrong
// clock can have written.
func (c Channel) scheduled(now time.Time) schedule.Token {
	t := schedule.Token{
		ID: c.ID, Kind: c.TokenKind, IssuedAt: c.IssuedAt, ExpiresAt: c.ExpiresAt,
		Assumed:  c.ExpirySource == FromGuess,
		Attempts: c.Attempts, LastAttempt: c.LastAttemptAt, HoldUntil: c.HoldUntil,
	}
	if t.HoldUntil.After(now) && !believable(t.HoldUntil, now) {
		t.HoldUntil = time.Time{}
	}
	if t.LastAttempt.After(now) {
		t.LastAttempt = now
	}
	switch c.Status {
	case Paused:
		t.Standing = schedule.Waiting
	case ReconnectRequired:
		t.Standing = schedule.Dead
	case Disconnected:
		t.Standing = schedule.Gone
	}
	return t
}

// plan sets when the daemon will act next on the channel.
func (k *Keeper) plan(c *Channel, now time.Time) {
	d := k.policy.Next(c.scheduled(now))
	c.NextAttemptAt = time.Time{}
	if d.Action.Calls() {
		c.NextAttemptAt = d.At.UTC().Truncate(time.Millisecond)
		if d.At.IsZero() {
			c.NextAttemptAt = now
		}
	}
}

// Wait returns when no work is under way: in less than two minutes, and at once when
// nobody has given up waiting for it.
func (k *Keeper) Wait() { k.flights.all.Wait() }

// Convert exchanges the short-lived token of a channel for a long-lived one, or finds
// out what a token of unknown kind is. With force, a token known as long-lived is
// exchanged, too. What needs no conversion is reported as skipped.
func (k *Keeper) Convert(ctx context.Context, id int64, force bool) (Result, error) {
	return k.change(ctx, id, ask{verb: "convert", wish: fmt.Sprint(force), wait: true, operator: true, decide: func(c Channel, now time.Time) schedule.Decision {
		return schedule.ConvertNow(c.scheduled(now), now, force)
	}})
}

// Refresh extends the long-lived token of a channel if Meta will have it: one that is
// 24 hours old. A short-lived token is converted.
func (k *Keeper) Refresh(ctx context.Context, id int64) (Result, error) {
	return k.change(ctx, id, ask{verb: "refresh", wait: true, operator: true, decide: func(c Channel, now time.Time) schedule.Decision {
		return schedule.RefreshNow(c.scheduled(now), now)
	}})
}

// Tend does for one channel what the daemon's policy says is due now, if anything.
// It neither waits for the lease of a working token (see [ErrLeased]) nor probes a closed
// brake before its time. A channel that turns out not to be due gets its proper time.
func (k *Keeper) Tend(ctx context.Context, id int64) (Result, error) {
	return k.change(ctx, id, ask{verb: "tend", daemon: true, decide: func(c Channel, now time.Time) schedule.Decision {
		return k.policy.Next(c.scheduled(now))
	}})
}

// Token returns the channel with a token that works as far as anyone knows. A token
// that is short-lived or past its expiry is converted or refreshed first. [ErrLost]:
// only the owner can help; [ErrNoToken]: not right now, try again later.
func (k *Keeper) Token(ctx context.Context, id int64) (Held, error) {
	h, err := k.store.Held(ctx, id)
	if err != nil {
		return Held{}, err
	}
	now := k.instant()
	if h.usable() && h.TokenKind != ShortLived && !h.Token().Expired(now) {
		return h, nil
	}
	if h.usable() {
		res, err := k.change(ctx, id, ask{verb: "token", wait: true, decide: func(c Channel, now time.Time) schedule.Decision {
			return k.patiently(schedule.RefreshNow(c.scheduled(now), now), c, now)
		}})
		if err != nil && !errors.Is(err, ErrBraked) && !errors.Is(err, ErrThrottled) {
			return Held{}, err
		}
		if h, err = k.store.Held(ctx, id); err != nil {
			return Held{}, err
		}
		if h.usable() && !h.Token().Expired(k.instant()) {
			return h, nil
		}
		if h.usable() {
			return Held{}, fmt.Errorf("channel %d: %w: %s", id, ErrNoToken, res.Reason)
		}
	}
	if h.Status == ReconnectRequired {
		return Held{}, fmt.Errorf("channel %d (%s): %w: %s", id, h.Name(), ErrLost, h.Reason)
	}
	return Held{}, fmt.Errorf("channel %d (%s): %w: it is %s: %s", id, h.Name(), ErrNoToken, h.Status, h.Reason)
}

// patiently holds a decision back while a failure is fresh. Callers that come a hundred
// times a second must not ask Meta a hundred times a second.
func (k *Keeper) patiently(d schedule.Decision, c Channel, now time.Time) schedule.Decision {
	if next := k.policy.Next(c.scheduled(now)); d.Due(now) && c.Attempts > 0 && next.At.After(now) {
		d.At = next.At
		d.Reasons = append(d.Reasons, "the last try failed; the next one is due at "+next.At.Format(time.RFC3339))
	}
	return d
}

// usable reports whether the channel has a token that has not been refused.
func (h Held) usable() bool {
	return (h.Status == Connected || h.Status == Paused) && !h.Value.Empty() && h.Refused != h.Value.Fingerprint()
}

// Disconnect forgets the tokens of a channel and keeps its history. It waits for work
// under way on the channel. Repeating it does nothing.
func (k *Keeper) Disconnect(ctx context.Context, id int64) (Channel, error) {
	lease, held, err := k.acquire(ctx, id, true)
	if err != nil {
		return Channel{}, err
	}
	ctx = context.WithoutCancel(ctx) // from here on it takes but a moment
	if held.Status == Disconnected {
		return held.Channel, k.release(ctx, lease)
	}
	now := k.instant()
	held.Value, held.Previous = Secret{}, Token{}
	held.IssuedAt, held.ExpiresAt, held.ExpirySource = time.Time{}, time.Time{}, ""
	held.Status, held.Reason = Disconnected, "disconnected by the operator"
	held.Attempts, held.LastError, held.HoldUntil = 0, nil, time.Time{}
	k.plan(&held.Channel, now)
	return k.commit(ctx, lease, held, Event{ChannelID: id, At: now, Type: EventDisconnected, Reason: held.Reason})
}

// noProvider stands in where no provider was configured.
type noProvider struct{}

var errNoProvider = &Failure{Class: AppWide, Scope: ScopeApp, Endpoint: "call", Message: "no provider is configured"}

func (noProvider) ExchangeCode(context.Context, Secret, string) (Issued, error) {
	return Issued{}, errNoProvider
}

func (noProvider) Exchange(context.Context, Secret) (Issued, error) { return Issued{}, errNoProvider }

func (noProvider) Refresh(context.Context, Secret) (Issued, error) { return Issued{}, errNoProvider }

func (noProvider) Identify(context.Context, Secret) (Identity, error) {
	return Identity{}, errNoProvider
}

func (noProvider) Subscribe(context.Context, Secret, string, []string) error {
	return errNoProvider
}
