package evergranttest

import (
	"context"
	"fmt"

	"github.com/evergrant/evergrant"
)

// Brake implements [evergrant.Store].
func (s *Store) Brake(ctx context.Context, app string) (evergrant.Brake, error) {
	if err := ctx.Err(); err != nil {
		return evergrant.Brake{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.brakes[app]
	b.App = app
	return b, nil
}

// SetBrake implements [evergrant.Store]. The stored version becomes b.Version + 1.
func (s *Store) SetBrake(ctx context.Context, b evergrant.Brake) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.brakes[b.App].Version != b.Version {
		return fmt.Errorf("set brake of app %q: %w", b.App, evergrant.ErrStale)
	}
	b.ClosedAt, b.NextProbeAt, b.PausedUntil = normal(b.ClosedAt), normal(b.NextProbeAt), normal(b.PausedUntil)
	b.Version++
	s.brakes[b.App] = b
	return nil
}
