package evergrant

import (
	"context"
	"time"
)

// A Store keeps channels, their sealed tokens, and their history. Implementations
// are safe for concurrent use by any number of goroutines and processes. Times
// come back as UTC to the millisecond, exactly as they were given; a zero time
// comes back zero. Token values rest sealed, bound to their channel and column.
//
// Errors about one channel name it. storetest.Run is this contract as a test.
type Store interface {
	// Channel returns one channel, or [ErrNotFound].
	Channel(ctx context.Context, id int64) (Channel, error)
	// Held returns one channel with its tokens opened, or [ErrNotFound].
	Held(ctx context.Context, id int64) (Held, error)
	// List returns channels with ids above f.After in ascending order, f.Limit at
	// the most. An empty result means that there are no more.
	List(ctx context.Context, f Filter) ([]Channel, error)
	// Due returns channels that are connected or paused with NextAttemptAt at now
	// or before, the soonest to expire first (an unknown expiry counts as soonest).
	// Its cost depends on what is due, not on how many channels exist.
	Due(ctx context.Context, now time.Time, limit int) ([]Channel, error)
	// Find returns the channel of an account by either of Meta's ids within one app
	// (an empty id matches nothing), or [ErrNotFound].
	Find(ctx context.Context, app, accountID, appScopedID string) (Channel, error)

	// Canaries returns up to limit connected channels of an app whose tokens are the most
	// likely to live: those without a failed attempt first, then by expiry, the latest
	// first and unknown ones last. Tokens past their expiry are left out.
	Canaries(ctx context.Context, app string, now time.Time, limit int) ([]int64, error)

	// Create adds a channel and its first event, and returns it with id, version 1 and
	// times set. A non-zero ID is kept. An id or account that exists is [ErrStale].
	Create(ctx context.Context, h Held, ev Event) (Channel, error)
	// Import adds or updates many channels in one transaction: for each row, decide is
	// called with the channel found by id, else by account id, else by the fingerprint
	// that an earlier import left, else nil. A row whose token an earlier import brought to
	// another channel is rejected. A new row comes with the id that it will have.
	// Nothing is written when Import returns an error.
	Import(ctx context.Context, rows []Incoming, decide ImportDecision) ([]ImportOutcome, error)

	// Preview gives the outcomes that Import would give now, and writes nothing. New
	// channels have the id of their row, which may be 0.
	Preview(ctx context.Context, rows []Incoming, decide ImportDecision) ([]ImportOutcome, error)

	// Acquire takes the channel's lease for ttl, counted by the store's own clock, so
	// that workers with wrong clocks cannot take each other's leases. It returns the
	// row as it is under the lease. [ErrLeased] (as a *[LeasedError]) when somebody
	// holds it, [ErrNotFound] when there is no such channel.
	Acquire(ctx context.Context, id int64, owner string, ttl time.Duration) (Lease, Held, error)
	// Commit writes the row, its events and the end of the lease in one transaction,
	// provided that the lease is still the newest one and the row's version is
	// h.Version; else [ErrStale], and nothing is written. An expired lease that nobody
	// else has taken still commits.
	Commit(ctx context.Context, l Lease, h Held, events ...Event) (Channel, error)
	// Release ends the lease without a write. Ending a lease that is no longer ours
	// does nothing.
	Release(ctx context.Context, l Lease) error

	// Events returns the newest events of a channel first, limit at the most.
	Events(ctx context.Context, channelID int64, limit int) ([]Event, error)
	// Stats counts the fleet, without opening any token.
	Stats(ctx context.Context) (Stats, error)

	// Brake returns the state of an app's brake; the zero Brake with App set when
	// there has never been one.
	Brake(ctx context.Context, app string) (Brake, error)
	// SetBrake writes b if the stored version is still b.Version, else [ErrStale].
	SetBrake(ctx context.Context, b Brake) error
}

// A Filter selects channels. The zero value of a field does not restrict.
type Filter struct {
	Statuses []Status
	Tenant   string
	Query    string // part of username, account id or tenant, without case
	After    int64  // only ids above this one
	Limit    int    // 0: 1000
}

// A Lease is the right to change one channel's token for a while.
type Lease struct {
	ChannelID int64
	Owner     string
	Seq       int64 // fencing number: grows with each lease of the channel
	Until     time.Time
}

// A LeasedError says until when somebody else holds a channel. It matches [ErrLeased].
type LeasedError struct {
	ChannelID int64
	Owner     string
	Seq       int64         // the fencing number of the lease in the way
	Wait      time.Duration // how long the lease still runs, by the store's clock
}

func (e *LeasedError) Error() string { return ErrLeased.Error() + ": " + e.Owner }

// Is matches [ErrLeased].
func (e *LeasedError) Is(target error) bool { return target == ErrLeased }

// An EventType names what happened to a channel.
type EventType string

// The types of event.
const (
	EventConnected         EventType = "connected"
	EventImported          EventType = "imported"
	EventConverted         EventType = "converted"
	EventRefreshed         EventType = "refreshed"
	EventRecovered         EventType = "recovered" // works again, or works again after a refusal
	EventFailed            EventType = "failed"
	EventPaused            EventType = "paused"
	EventReconnectRequired EventType = "reconnect_required"
	EventDisconnected      EventType = "disconnected"
	EventIdentified        EventType = "identified"
)

// An Event is one line of a channel's history. It never holds a secret.
type Event struct {
	ID        int64             `json:"id"`
	ChannelID int64             `json:"channel_id"`
	At        time.Time         `json:"at"`
	Type      EventType         `json:"type"`
	Reason    string            `json:"reason"`
	Error     *LastError        `json:"error,omitempty"`
	Data      map[string]string `json:"data,omitempty"` // such as token fingerprints and the new expiry
}

// Incoming is one row of an import.
type Incoming struct {
	Row  int64 // where it came from, for reports: a line number
	Held Held  // ID 0: let the store choose
}

// An ImportDecision says what to do with one row, given the channel that it
// matched (nil: none). It is pure. Its result's Held is written when Outcome is
// ImportCreated or ImportUpdated.
type ImportDecision func(found *Held, in Incoming) ImportOutcome

// An ImportVerdict is the fate of one imported row.
type ImportVerdict string

// The fates of an imported row.
const (
	ImportCreated   ImportVerdict = "created"
	ImportUpdated   ImportVerdict = "updated"
	ImportUnchanged ImportVerdict = "unchanged"
	ImportRejected  ImportVerdict = "rejected"
)

// An ImportOutcome is what became of one row.
type ImportOutcome struct {
	Row     int64
	Verdict ImportVerdict
	Reason  string // empty where there is nothing to say: the row is new, newer, or known
	Held    Held   // what is written; its ID is set by the store
	Event   Event
}

// Stats are the counts of the fleet.
type Stats struct {
	ByStatus       map[Status]int64
	ByKind         map[TokenKind]int64 // of channels that are not disconnected
	EarliestExpiry time.Time           // among connected channels; zero: none known
}

// A Brake is the state of one app's fleet brake. The zero value is open: work goes on.
type Brake struct {
	App         string
	Closed      bool
	Signature   string // what closed it
	Reason      string // for people
	ClosedAt    time.Time
	NextProbeAt time.Time // when the daemon may send the next canary
	Probes      int       // canaries sent since it closed
	PausedUntil time.Time // app-wide throttle: no call before this instant
	Version     int64
}
