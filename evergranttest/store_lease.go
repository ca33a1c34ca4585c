package evergranttest

import (
	"context"
	"fmt"
	"time"

	"github.com/evergrant/evergrant"
)

// Acquire implements [evergrant.Store].
func (s *Store) Acquire(ctx context.Context, id int64, owner string, ttl time.Duration) (evergrant.Lease, evergrant.Held, error) {
	if err := ctx.Err(); err != nil {
		return evergrant.Lease{}, evergrant.Held{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rows[id]
	if r == nil {
		return evergrant.Lease{}, evergrant.Held{}, fmt.Errorf("lease channel %d: %w", id, evergrant.ErrNotFound)
	}
	now := s.now()
	if wait := r.leaseUntil.Sub(now); !r.leaseUntil.IsZero() && wait > 0 {
		return evergrant.Lease{}, evergrant.Held{}, fmt.Errorf("lease channel %d: %w", id,
			&evergrant.LeasedError{ChannelID: id, Owner: r.leaseOwner, Seq: r.leaseSeq, Wait: wait})
	}
	r.leaseSeq++
	r.leaseOwner, r.leaseUntil = owner, now.Add(max(ttl, time.Millisecond).Truncate(time.Millisecond))
	return evergrant.Lease{ChannelID: id, Owner: owner, Seq: r.leaseSeq, Until: r.leaseUntil}, copyHeld(r.held), nil
}

// Commit implements [evergrant.Store].
func (s *Store) Commit(ctx context.Context, l evergrant.Lease, h evergrant.Held, events ...evergrant.Event) (evergrant.Channel, error) {
	if err := ctx.Err(); err != nil {
		return evergrant.Channel{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rows[l.ChannelID]
	if r == nil || h.ID != l.ChannelID || r.leaseSeq != l.Seq || r.held.Version != h.Version {
		return evergrant.Channel{}, fmt.Errorf("write channel %d: %w", l.ChannelID, evergrant.ErrStale)
	}
	h = normalHeld(h)
	if other := s.account(h); other != nil && other != r {
		return evergrant.Channel{}, fmt.Errorf("write channel %d: account %s belongs to another channel: %w", l.ChannelID, h.AccountID, evergrant.ErrStale)
	}
	s.replace(r, h)
	r.leaseOwner, r.leaseUntil = "", time.Time{}
	for _, ev := range events {
		s.addEvent(h.ID, ev)
	}
	return copyHeld(r.held).Channel, nil
}

// replace makes h the content of r.
func (s *Store) replace(r *row, h evergrant.Held) {
	h.ID, h.CreatedAt, h.UpdatedAt, h.Version = r.held.ID, r.held.CreatedAt, s.now(), r.held.Version+1
	r.held = h
}

// Release implements [evergrant.Store].
func (s *Store) Release(ctx context.Context, l evergrant.Lease) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.rows[l.ChannelID]; r != nil && r.leaseSeq == l.Seq {
		r.leaseOwner, r.leaseUntil = "", time.Time{}
	}
	return nil
}
