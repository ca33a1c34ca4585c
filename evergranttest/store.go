package evergranttest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/evergrant/evergrant"
)

// maxID is the largest id that a caller may choose: JSON numbers end there.
const maxID = 1<<53 - 1

// A Store is an [evergrant.Store] in memory, by the same contract as the databases;
// storetest.Run is run on it, too. Make it with [NewStore].
type Store struct {
	// Now is the store's clock, for leases and for created and updated times; nil
	// means time.Now. Set it before the first use.
	Now func() time.Time

	mu        sync.Mutex
	rows      map[int64]*row
	events    []evergrant.Event
	brakes    map[string]evergrant.Brake
	highestID int64
}

// row is one channel and its lease.
type row struct {
	held       evergrant.Held
	leaseOwner string
	leaseUntil time.Time // zero: free
	leaseSeq   int64
}

var _ evergrant.Store = (*Store)(nil)

// NewStore returns an empty store.
func NewStore() *Store {
	return &Store{rows: map[int64]*row{}, brakes: map[string]evergrant.Brake{}}
}

func (s *Store) now() time.Time {
	if s.Now != nil {
		return normal(s.Now())
	}
	return normal(time.Now())
}

// Channel implements [evergrant.Store].
func (s *Store) Channel(ctx context.Context, id int64) (evergrant.Channel, error) {
	h, err := s.Held(ctx, id)
	return h.Channel, err
}

// Held implements [evergrant.Store].
func (s *Store) Held(ctx context.Context, id int64) (evergrant.Held, error) {
	if err := ctx.Err(); err != nil {
		return evergrant.Held{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rows[id]
	if r == nil {
		return evergrant.Held{}, fmt.Errorf("channel %d: %w", id, evergrant.ErrNotFound)
	}
	return copyHeld(r.held), nil
}

// List implements [evergrant.Store].
func (s *Store) List(ctx context.Context, f evergrant.Filter) ([]evergrant.Channel, error) {
	return s.choose(ctx, f.Limit, func(c evergrant.Channel) bool {
		query := fold(f.Query)
		return c.ID > f.After &&
			(len(f.Statuses) == 0 || slices.Contains(f.Statuses, c.Status)) &&
			(f.Tenant == "" || c.Tenant == f.Tenant) &&
			(strings.Contains(fold(c.Username), query) || strings.Contains(fold(c.AccountID), query) || strings.Contains(fold(c.Tenant), query))
	}, nil)
}

// Due implements [evergrant.Store].
func (s *Store) Due(ctx context.Context, now time.Time, limit int) ([]evergrant.Channel, error) {
	return s.choose(ctx, limit, func(c evergrant.Channel) bool {
		return (c.Status == evergrant.Connected || c.Status == evergrant.Paused) &&
			!c.NextAttemptAt.IsZero() && c.NextAttemptAt.UnixMilli() <= now.UnixMilli()
	}, func(a, b evergrant.Channel) int {
		return cmp.Or(a.ExpiresAt.Compare(b.ExpiresAt), a.NextAttemptAt.Compare(b.NextAttemptAt), cmp.Compare(a.ID, b.ID))
	})
}

// Canaries implements [evergrant.Store].
func (s *Store) Canaries(ctx context.Context, app string, now time.Time, limit int) ([]int64, error) {
	all, err := s.choose(ctx, 1<<30, func(c evergrant.Channel) bool {
		return c.App == app && c.Status == evergrant.Connected && (c.ExpiresAt.IsZero() || c.ExpiresAt.After(now))
	}, func(a, b evergrant.Channel) int {
		return cmp.Or(cmp.Compare(min(a.Attempts, 1), min(b.Attempts, 1)), b.ExpiresAt.Compare(a.ExpiresAt), cmp.Compare(a.ID, b.ID))
	})
	var ids []int64
	for _, c := range all[:min(len(all), limit)] {
		ids = append(ids, c.ID)
	}
	return ids, err
}

// Find implements [evergrant.Store].
func (s *Store) Find(ctx context.Context, app, accountID, appScopedID string) (evergrant.Channel, error) {
	for _, match := range []func(c evergrant.Channel) bool{
		func(c evergrant.Channel) bool { return accountID != "" && c.AccountID == accountID },
		func(c evergrant.Channel) bool { return appScopedID != "" && c.AppScopedID == appScopedID },
	} {
		found, err := s.choose(ctx, 1, func(c evergrant.Channel) bool { return c.App == app && match(c) }, nil)
		if err != nil {
			return evergrant.Channel{}, err
		}
		if len(found) > 0 {
			return found[0], nil
		}
	}
	return evergrant.Channel{}, fmt.Errorf("find channel of account %q (app-scoped %q): %w", accountID, appScopedID, evergrant.ErrNotFound)
}

// choose returns copies of the channels that match, in the given order, else by id.
func (s *Store) choose(ctx context.Context, limit int, match func(evergrant.Channel) bool, order func(a, b evergrant.Channel) int) ([]evergrant.Channel, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []evergrant.Channel
	for _, id := range slices.Sorted(maps.Keys(s.rows)) {
		if c := s.rows[id].held.Channel; match(c) {
			found = append(found, copyHeld(evergrant.Held{Channel: c}).Channel)
		}
	}
	if order != nil {
		slices.SortStableFunc(found, order)
	}
	return found[:min(len(found), limitOf(limit))], nil
}

// Create implements [evergrant.Store].
func (s *Store) Create(ctx context.Context, h evergrant.Held, ev evergrant.Event) (evergrant.Channel, error) {
	if err := ctx.Err(); err != nil {
		return evergrant.Channel{}, err
	}
	if err := checkID(h.ID); err != nil {
		return evergrant.Channel{}, fmt.Errorf("create channel: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	h = normalHeld(h)
	if s.rows[h.ID] != nil || s.account(h) != nil {
		return evergrant.Channel{}, fmt.Errorf("create channel: id %d or account %q has a channel: %w", h.ID, h.AccountID, evergrant.ErrStale)
	}
	return s.add(h, ev).Channel, nil
}

// add stores a new channel whose id, if any, is free.
func (s *Store) add(h evergrant.Held, ev evergrant.Event) evergrant.Held {
	if h.ID == 0 {
		h.ID = s.highestID + 1
	}
	s.highestID = max(s.highestID, h.ID)
	h.CreatedAt, h.Version = s.now(), 1
	h.UpdatedAt = h.CreatedAt
	s.rows[h.ID] = &row{held: h}
	s.addEvent(h.ID, ev)
	return copyHeld(h)
}

// account is the channel that has h's account; nil if there is none.
func (s *Store) account(h evergrant.Held) *row {
	if h.AccountID == "" {
		return nil
	}
	for _, r := range s.rows {
		if r.held.App == h.App && r.held.AccountID == h.AccountID {
			return r
		}
	}
	return nil
}

// Stats implements [evergrant.Store].
func (s *Store) Stats(ctx context.Context) (evergrant.Stats, error) {
	if err := ctx.Err(); err != nil {
		return evergrant.Stats{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := evergrant.Stats{ByStatus: map[evergrant.Status]int64{}, ByKind: map[evergrant.TokenKind]int64{}}
	for _, r := range s.rows {
		c := r.held.Channel
		stats.ByStatus[c.Status]++
		if c.Status != evergrant.Disconnected {
			stats.ByKind[c.TokenKind]++
		}
		sooner := stats.EarliestExpiry.IsZero() || c.ExpiresAt.Before(stats.EarliestExpiry)
		if c.Status == evergrant.Connected && !c.ExpiresAt.IsZero() && sooner {
			stats.EarliestExpiry = c.ExpiresAt
		}
	}
	return stats, nil
}

// Close does nothing, and may be called twice.
func (s *Store) Close() error { return nil }
