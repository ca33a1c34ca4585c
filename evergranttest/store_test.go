package evergranttest_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/evergranttest"
	"github.com/evergrant/evergrant/sqlstore/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) evergrant.Store {
		s := evergranttest.NewStore()
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s
	})
}

// A test that moves the clock moves the store's leases, too.
func TestStoreClock(t *testing.T) {
	clock := evergranttest.NewClock(time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC))
	s := evergranttest.NewStore()
	s.Now = clock.Now
	c, err := s.Create(t.Context(), evergrant.Held{}, evergrant.Event{})
	if err != nil {
		t.Fatal(err)
	}
	if !c.CreatedAt.Equal(clock.Now()) {
		t.Errorf("created at %v; want %v", c.CreatedAt, clock.Now())
	}
	if _, _, err := s.Acquire(t.Context(), c.ID, "first", time.Minute); err != nil {
		t.Fatal(err)
	}
	clock.Advance(time.Minute - time.Millisecond)
	if _, _, err := s.Acquire(t.Context(), c.ID, "second", time.Minute); err == nil {
		t.Error("Acquire before the lease has expired gave no error")
	}
	clock.Advance(time.Millisecond)
	if _, _, err := s.Acquire(t.Context(), c.ID, "second", time.Minute); err != nil {
		t.Errorf("Acquire after the lease has expired: %v", err)
	}
}

func ExampleNewStore() {
	clock := evergranttest.NewClock(time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC))
	store := evergranttest.NewStore()
	store.Now = clock.Now
	c, err := store.Create(context.Background(), evergrant.Held{
		Channel: evergrant.Channel{Username: "acme", Status: evergrant.Connected},
		Value:   evergrant.NewSecret("a token"),
	}, evergrant.Event{Type: evergrant.EventConnected})
	fmt.Println(c.ID, c.Name(), c.CreatedAt, err)
	// Output: 1 acme 2026-09-01 12:00:00 +0000 UTC <nil>
}
