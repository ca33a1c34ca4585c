package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evergrant/evergrant"
)

func testLease(t *testing.T, s evergrant.Store) {
	created := mustCreate(t, s, full("1"))
	first, h := mustAcquire(t, s, created.ID, "first")
	wantEqual(t, "the row under the lease", h, created)
	if first.ChannelID != created.ID || first.Owner != "first" || first.Seq < 1 {
		t.Errorf("lease = %+v; want channel %d, owner first and a number", first, created.ID)
	}
	if left := time.Until(first.Until); left < 50*time.Second || left > 70*time.Second {
		t.Errorf("lease runs for %v; want a minute", left)
	}
	_, _, err := s.Acquire(t.Context(), created.ID, "second", time.Minute)
	wantErr(t, "a second lease", err, evergrant.ErrLeased)
	var leased *evergrant.LeasedError
	if !errors.As(err, &leased) {
		t.Fatalf("error is %T; want a *LeasedError", err)
	}
	if leased.Owner != "first" || leased.ChannelID != created.ID || leased.Wait <= 0 || leased.Wait > time.Minute {
		t.Errorf("LeasedError = %+v; want owner first, channel %d and a wait of up to a minute", leased, created.ID)
	}
	other := mustCreate(t, s, plain("2"))
	mustAcquire(t, s, other.ID, "second") // leases of channels do not meet
	if got := mustHeld(t, s, created.ID); got.Version != created.Version {
		t.Errorf("version = %d; want %d: a lease is no write", got.Version, created.Version)
	}
}

func testLeaseRace(t *testing.T, s evergrant.Store) {
	h := mustCreate(t, s, plain("1"))
	const workers = 64
	var won, lost atomic.Int64
	var wg sync.WaitGroup
	for i := range workers {
		wg.Go(func() {
			_, _, err := s.Acquire(t.Context(), h.ID, fmt.Sprint("worker ", i), time.Minute)
			switch {
			case err == nil:
				won.Add(1)
			case errors.Is(err, evergrant.ErrLeased):
				lost.Add(1)
			default:
				t.Errorf("Acquire: %v", err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || lost.Load() != workers-1 {
		t.Errorf("%d won and %d were refused; want 1 and %d", won.Load(), lost.Load(), workers-1)
	}
}

// takeOver acquires a lease as soon as the present one has expired.
func takeOver(t *testing.T, s evergrant.Store, id int64) (lease evergrant.Lease, h evergrant.Held) {
	t.Helper()
	eventually(t, "the lease expires", func(ctx context.Context) bool {
		var err error
		lease, h, err = s.Acquire(ctx, id, "successor", time.Minute)
		if err != nil && !errors.Is(err, evergrant.ErrLeased) {
			t.Fatalf("Acquire: %v", err)
		}
		return err == nil
	})
	return lease, h
}

func testLeaseExpiry(t *testing.T, s evergrant.Store) {
	created := mustCreate(t, s, plain("1"))
	old, h, err := s.Acquire(t.Context(), created.ID, "late", time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	lease, fresh := takeOver(t, s, created.ID)
	if lease.Seq <= old.Seq {
		t.Errorf("fencing number = %d after %d; want it to grow", lease.Seq, old.Seq)
	}
	h.Value = evergrant.NewSecret("of the late one")
	_, err = s.Commit(t.Context(), old, h, evergrant.Event{Type: evergrant.EventRefreshed})
	wantErr(t, "the late holder's write", err, evergrant.ErrStale)
	if err := s.Release(t.Context(), old); err != nil {
		t.Errorf("the late holder's Release: %v; want no error", err)
	}
	_, _, err = s.Acquire(t.Context(), created.ID, "third", time.Minute)
	wantErr(t, "the late Release ended the new lease", err, evergrant.ErrLeased)
	fresh.Value = evergrant.NewSecret("of the successor")
	if _, err := s.Commit(t.Context(), lease, fresh); err != nil {
		t.Fatal(err)
	}
	if got := mustHeld(t, s, created.ID); got.Value.Reveal() != "of the successor" {
		t.Errorf("token = %s; want that of the successor", got.Value.Fingerprint())
	}
	if events := mustEvents(t, s, created.ID); len(events) != 1 {
		t.Errorf("events = %d; want 1: a refused Commit writes none", len(events))
	}
}

func testExpiredCommit(t *testing.T, s evergrant.Store) {
	created := mustCreate(t, s, plain("1"))
	expired, h, err := s.Acquire(t.Context(), created.ID, "slow", time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	// The same clock shows on another channel when the millisecond is over.
	yardstick := mustCreate(t, s, plain("2"))
	if _, _, err := s.Acquire(t.Context(), yardstick.ID, "slow", time.Millisecond); err != nil {
		t.Fatal(err)
	}
	takeOver(t, s, yardstick.ID)
	h.Value = evergrant.NewSecret("kept")
	if _, err := s.Commit(t.Context(), expired, h); err != nil {
		t.Errorf("Commit under an expired lease that nobody took: %v", err)
	}
	if got := mustHeld(t, s, created.ID); got.Value.Reveal() != "kept" {
		t.Error("the token of the expired lease was lost")
	}
}

func testRelease(t *testing.T, s evergrant.Store) {
	created := mustCreate(t, s, plain("1"))
	first, _ := mustAcquire(t, s, created.ID, "first")
	if err := s.Release(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	second, h := mustAcquire(t, s, created.ID, "second")
	if second.Seq <= first.Seq || h.Version != created.Version {
		t.Errorf("number, version = %d, %d; want above %d, and %d", second.Seq, h.Version, first.Seq, created.Version)
	}
	if err := s.Release(t.Context(), first); err != nil {
		t.Errorf("Release of a lease that is over: %v", err)
	}
	if err := s.Release(t.Context(), evergrant.Lease{ChannelID: 999, Seq: 1}); err != nil {
		t.Errorf("Release of a channel that does not exist: %v", err)
	}
	_, _, err := s.Acquire(t.Context(), created.ID, "third", time.Minute)
	wantErr(t, "the second lease", err, evergrant.ErrLeased)
}
