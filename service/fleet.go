package service

import (
	"context"
	"fmt"
	"time"

	"github.com/evergrant/evergrant"
)

// A FleetSummary counts channels. Every status and kind is there, with 0 if need be.
type FleetSummary struct {
	Channels       int64                         `json:"channels"`
	ByStatus       map[evergrant.Status]int64    `json:"status"`
	ByKind         map[evergrant.TokenKind]int64 `json:"token_kind"`      // of channels that are not disconnected
	EarliestExpiry *time.Time                    `json:"earliest_expiry"` // among connected channels; nil: none known
}

// NeedOwner counts the channels that only their owners can help.
func (f FleetSummary) NeedOwner() int64 {
	return f.ByStatus[evergrant.ReconnectRequired] + f.ByStatus[evergrant.Paused]
}

func newFleetSummary() FleetSummary {
	f := FleetSummary{ByStatus: map[evergrant.Status]int64{}, ByKind: map[evergrant.TokenKind]int64{}}
	for _, status := range evergrant.Statuses() {
		f.ByStatus[status] = 0
	}
	for _, kind := range []evergrant.TokenKind{evergrant.ShortLived, evergrant.LongLived, evergrant.UnknownKind} {
		f.ByKind[kind] = 0
	}
	return f
}

func (f *FleetSummary) add(c evergrant.Channel) {
	f.Channels++
	f.ByStatus[c.Status]++
	if c.Status != evergrant.Disconnected {
		f.ByKind[c.TokenKind]++
	}
	if at := c.ExpiresAt; c.Status == evergrant.Connected && !at.IsZero() && (f.EarliestExpiry == nil || at.Before(*f.EarliestExpiry)) {
		f.EarliestExpiry = &at
	}
}

// Walk calls visit for each channel that the filter selects, in order of id, and
// counts them. It asks for them page by page, so memory does not grow with the fleet.
// An error of visit ends the walk and comes back as it is.
func (s *Service) Walk(ctx context.Context, f evergrant.Filter, visit func(evergrant.Channel) error) (FleetSummary, error) {
	sum := newFleetSummary()
	for {
		page, err := s.store.List(ctx, f)
		if err != nil {
			return sum, fmt.Errorf("list channels: %w", err)
		}
		if len(page) == 0 {
			return sum, nil
		}
		for _, c := range page {
			f.After = c.ID
			sum.add(c)
			if err := visit(c); err != nil {
				return sum, err
			}
		}
	}
}

// Channel is Walk for one channel. [evergrant.ErrNotFound] when there is none.
func (s *Service) Channel(ctx context.Context, id int64, visit func(evergrant.Channel) error) (FleetSummary, error) {
	sum := newFleetSummary()
	c, err := s.store.Channel(ctx, id)
	if err != nil {
		return sum, fmt.Errorf("channel %d: %w", id, err)
	}
	sum.add(c)
	return sum, visit(c)
}
