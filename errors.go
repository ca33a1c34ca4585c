package evergrant

import "errors"

// States of the world that callers ask for with [errors.Is].
var (
	// ErrNotFound: there is no such channel.
	ErrNotFound = errors.New("no such channel")
	// ErrLost: only a new login of the channel's owner helps.
	ErrLost = errors.New("reconnect required")
	// ErrThrottled: Meta asked for a pause.
	ErrThrottled = errors.New("throttled by Meta")
	// ErrLeased: somebody else is working on the channel right now.
	ErrLeased = errors.New("channel is leased by another worker")
	// ErrStale: the row has changed since it was read; the write was refused.
	ErrStale = errors.New("the row has changed since it was read")
	// ErrBraked: the fleet brake is closed; Meta refuses the whole app.
	ErrBraked = errors.New("fleet brake is closed")
	// ErrNoToken: the channel has no usable token right now, though its owner need not act.
	ErrNoToken = errors.New("no usable token")
)
