package evergrant_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evergrant/evergrant"
)

var errDown = errors.New("database is unavailable")

// A brokenStore fails on demand: each hook is asked before its method, and a hook for
// what comes after may lose the answer.
type brokenStore struct {
	evergrant.Store
	create, acquire, commit, committed func() error
}

func (b *brokenStore) Create(ctx context.Context, h evergrant.Held, ev evergrant.Event) (evergrant.Channel, error) {
	if b.create != nil {
		if err := b.create(); err != nil {
			return evergrant.Channel{}, err
		}
	}
	return b.Store.Create(ctx, h, ev)
}

func (b *brokenStore) Acquire(ctx context.Context, id int64, owner string, ttl time.Duration) (evergrant.Lease, evergrant.Held, error) {
	if b.acquire != nil {
		if err := b.acquire(); err != nil {
			return evergrant.Lease{}, evergrant.Held{}, err
		}
	}
	return b.Store.Acquire(ctx, id, owner, ttl)
}

func (b *brokenStore) Commit(ctx context.Context, l evergrant.Lease, h evergrant.Held, events ...evergrant.Event) (evergrant.Channel, error) {
	if b.commit != nil {
		if err := b.commit(); err != nil {
			return evergrant.Channel{}, err
		}
	}
	c, err := b.Store.Commit(ctx, l, h, events...)
	if err == nil && b.committed != nil {
		err = b.committed()
	}
	return c, err
}

// keeperOver is a keeper whose store has trouble.
func (w *world) keeperOver(s evergrant.Store) *evergrant.Keeper {
	w.t.Helper()
	k, err := evergrant.New(evergrant.Config{Store: s, Provider: w.meta, Now: w.clock.Now})
	if err != nil {
		w.t.Fatal(err)
	}
	return k
}

// times fails the first n times.
func times(n int64, err error) func() error {
	var asked atomic.Int64
	return func() error {
		if asked.Add(1) <= n {
			return err
		}
		return nil
	}
}

// A database that is away for a moment costs no token: neither one that a refresh
// brought, nor one of a login, whose code works only once.
func TestDatabaseAwayForAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		id := w.long(1, 57*day)
		k := w.keeperOver(&brokenStore{Store: w.store, commit: times(4, errDown), create: times(3, errDown)})
		if res, err := k.Refresh(t.Context(), id); err != nil || res.Outcome != evergrant.OutcomeRefreshed {
			t.Errorf("Refresh = %v, %v; want it stored at the fifth try", res.Outcome, err)
		}
		if calls := w.meta.seen("refresh"); len(calls) != 1 {
			t.Errorf("Meta saw %v; want one refresh", calls)
		}
		if c, err := k.Connect(t.Context(), evergrant.Login{Code: evergrant.NewSecret("c")}); err != nil || c.TokenKind != evergrant.LongLived {
			t.Errorf("Connect = %s, %v; want the login kept", c.TokenKind, err)
		}
	})
}

// A write that was stored although its answer was lost is not a failure.
func TestCommitAnswerLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.long(1, 57*day)
		k := w.keeperOver(&brokenStore{Store: w.store, committed: times(1, errDown)})
		r, err := k.Run(t.Context(), evergrant.Job{Command: evergrant.CommandRefresh})
		if err != nil || r.Summary.Refreshed != 1 || r.NeedsAttention() {
			t.Errorf("Run = %+v, %v; want one refreshed", r.Summary, err)
		}
	})
}

func TestDatabaseGoneEndsTheRun(t *testing.T) {
	w := newWorld(t)
	for i := range 100 {
		w.long(i, 57*day)
	}
	k := w.keeperOver(&brokenStore{Store: w.store, acquire: func() error { return errDown }})
	r, err := k.Run(t.Context(), evergrant.Job{Command: evergrant.CommandRefresh, Concurrency: 1})
	if err != nil || !strings.Contains(r.Stopped, "before Instagram was asked: ") || !r.NeedsAttention() {
		t.Errorf("Run = %q, %v; want an early end that blames the database", r.Stopped, err)
	}
}

// Broken answers end a run as silence does, and single ones do not.
func TestServerErrorsEndTheRun(t *testing.T) {
	w := newWorld(t)
	for i := range 100 {
		w.long(i, 57*day)
	}
	w.meta.fail("refresh", server)
	r := w.run(evergrant.Job{Command: evergrant.CommandRefresh, Concurrency: 1})
	if !strings.Contains(r.Stopped, "no usable answer 24 times in a row") || r.Summary.Failed != 24 || r.Summary.Skipped != 76 {
		t.Errorf("Run = %+v, stopped %q; want an early end", r.Summary, r.Stopped)
	}
	w.meta.mend()
	for i := range 50 {
		w.meta.fail(fmt.Sprint("refresh long-", 2*i), server)
	}
	if r := w.run(evergrant.Job{Command: evergrant.CommandRefresh, Concurrency: 1}); r.Stopped != "" || r.Summary.Refreshed != 50 {
		t.Errorf("Run = %+v, stopped %q; want every channel tried", r.Summary, r.Stopped)
	}
}

// Wait lets a program close its store after a caller gave up.
func TestWaitForWorkThatOutlivedItsCaller(t *testing.T) {
	w := newWorld(t)
	id := w.long(1, 61*day)
	inside, leave := make(chan struct{}), make(chan struct{})
	w.meta.before = func(string) { close(inside); <-leave }
	ctx, cancel := context.WithCancel(t.Context())
	gaveUp := make(chan error)
	go func() {
		_, err := w.keeper.Token(ctx, id)
		gaveUp <- err
	}()
	<-inside
	cancel()
	if err := <-gaveUp; !errors.Is(err, context.Canceled) {
		t.Errorf("Token = %v; want the caller's cancellation", err)
	}
	close(leave)
	w.keeper.Wait()
	if h := w.held(id); !h.RefreshedAt.Equal(start) {
		t.Error("Wait returned before the answer was stored")
	}
}

// Callers that come in crowds do not become crowds of calls.
func TestCrowdsAreHeldBack(t *testing.T) {
	t.Run("token", func(t *testing.T) {
		w := newWorld(t)
		id := w.long(1, 61*day)
		w.meta.fail("refresh", server)
		for range 50 {
			if _, err := w.keeper.Token(t.Context(), id); !errors.Is(err, evergrant.ErrNoToken) {
				t.Fatalf("Token = %v; want ErrNoToken", err)
			}
		}
		if n := len(w.meta.seen("refresh")); n != 1 {
			t.Errorf("50 callers made %d refreshes; want 1", n)
		}
		w.meta.mend()
		w.clock.Advance(2 * time.Minute)
		if _, err := w.keeper.Token(t.Context(), id); err != nil {
			t.Errorf("after the pause: %v", err)
		}
	})
	t.Run("recover, second answer missing", func(t *testing.T) {
		w := newWorld(t)
		id := w.long(0, 30*day)
		w.long(1, 10*day)
		w.meta.kill("long-0")
		w.meta.fail("me long-0", server)
		for range 50 {
			if _, err := w.keeper.Recover(t.Context(), id, evergrant.NewSecret("long-0")); !errors.Is(err, evergrant.ErrNoToken) {
				t.Fatalf("Recover = %v; want ErrNoToken", err)
			}
		}
		if n := len(w.meta.seen("")); n != 2 {
			t.Errorf("50 callers made %d calls; want 2", n)
		}
	})
	t.Run("recover, young and alive", func(t *testing.T) {
		w := newWorld(t)
		id := w.long(0, 5*time.Hour)
		for range 50 {
			if _, err := w.keeper.Recover(t.Context(), id, evergrant.NewSecret("long-0")); !errors.Is(err, evergrant.ErrNoToken) {
				t.Fatalf("Recover = %v; want ErrNoToken", err)
			}
		}
		if h := w.held(id); len(w.meta.seen("")) != 1 || h.Attempts != 0 || h.LastError != nil {
			t.Errorf("%d calls, %d attempts, last error %v; want one call that counts as no failure", len(w.meta.seen("")), h.Attempts, h.LastError)
		}
	})
	t.Run("closed brake", func(t *testing.T) {
		w := newWorld(t)
		for i := range 10 {
			w.long(i, 61*day)
		}
		w.meta.fail("refresh", unsupported)
		w.run(evergrant.Job{Command: evergrant.CommandRefresh, Concurrency: 1})
		before := len(w.meta.seen(""))
		for i := range int64(10) {
			if _, err := w.keeper.Token(t.Context(), i+1); !errors.Is(err, evergrant.ErrNoToken) {
				t.Errorf("Token = %v; want ErrNoToken", err)
			}
		}
		if n := len(w.meta.seen("")) - before; n != 0 {
			t.Errorf("Token made %d calls under a closed brake; want 0", n)
		}
	})
}

// A probe that could not be sent is not counted as sent.
func TestProbeIsClaimedUnderTheLease(t *testing.T) {
	w := newWorld(t)
	for i := range 10 {
		w.long(i, 57*day)
	}
	w.meta.fail("refresh", unsupported)
	w.run(evergrant.Job{Command: evergrant.CommandRefresh, Concurrency: 1})
	if _, _, err := w.store.Acquire(t.Context(), 10, "elsewhere", evergrant.LeaseTTL); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(10 * time.Minute)
	if _, err := w.keeper.Tend(t.Context(), 10); !errors.Is(err, evergrant.ErrLeased) {
		t.Errorf("Tend = %v; want ErrLeased", err)
	}
	if b, err := w.store.Brake(t.Context(), evergrant.DefaultApp); err != nil || !b.Closed || b.Probes != 0 {
		t.Errorf("brake closed %t, %d probes, %v; want closed and none", b.Closed, b.Probes, err)
	}
}

// What a clock that was days ahead once wrote down does not stop a fleet for days.
func TestClockWasAhead(t *testing.T) {
	w := newWorld(t)
	for i := range 2 {
		w.long(i, 40*day)
	}
	w.clock.Advance(13 * day)
	w.meta.fail("refresh long-0", slowDown)
	w.meta.fail("refresh long-1", appLimit)
	w.run(evergrant.Job{Command: evergrant.CommandRefresh, Concurrency: 1})
	w.meta.mend()
	w.clock.Set(start)
	if r := w.run(evergrant.Job{Command: evergrant.CommandRefresh}); r.Summary.Refreshed != 2 {
		t.Errorf("run = %+v, %q; want both refreshed", r.Summary, r.Stopped)
	}
}

// Different wishes at the same time do not share one answer.
func TestForceIsNotSharedAway(t *testing.T) {
	w := newWorld(t)
	id := w.long(1, 30*day)
	inside, leave := make(chan struct{}), make(chan struct{})
	w.meta.before = func(string) { close(inside); <-leave }
	forced := make(chan evergrant.Result)
	go func() {
		res, err := w.keeper.Convert(context.Background(), id, true)
		if err != nil {
			t.Error(err)
		}
		forced <- res
	}()
	<-inside
	if res, err := w.keeper.Convert(t.Context(), id, false); err != nil || res.Outcome != evergrant.OutcomeSkipped {
		t.Errorf("plain Convert = %v, %v; want skipped, without waiting for the forced one", res.Outcome, err)
	}
	close(leave)
	if res := <-forced; res.Outcome != evergrant.OutcomeConverted {
		t.Errorf("forced Convert = %v; want converted", res.Outcome)
	}
}

// The next attempt that the store knows is the one of the plan, spread over the fleet.
func TestImportedFleetIsSpread(t *testing.T) {
	w := newWorld(t)
	var rows []evergrant.Incoming
	for i := range int64(300) {
		rows = append(rows, row(i, fmt.Sprint("t", i), func(h *evergrant.Held) {
			h.TokenKind, h.IssuedAt, h.ExpiresAt = evergrant.LongLived, start, start.Add(60*day)
		}))
	}
	if _, err := w.keeper.Import(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	plan, err := w.keeper.Plan(t.Context(), 60*day)
	if err != nil || len(plan.Actions) != 300 {
		t.Fatalf("%d actions planned, %v; want 300", len(plan.Actions), err)
	}
	instants := map[time.Time]bool{}
	for _, a := range plan.Actions {
		c, err := w.store.Channel(t.Context(), a.ID)
		if err != nil || c.NextAttemptAt.Sub(a.At).Abs() > time.Millisecond {
			t.Fatalf("channel %d: stored %v, planned %v, %v", a.ID, c.NextAttemptAt, a.At, err)
		}
		instants[c.NextAttemptAt] = true
	}
	if len(instants) < 295 {
		t.Errorf("300 channels share %d instants", len(instants))
	}
}

// A channel that stands in the list without being due leaves it.
func TestTendCorrectsTheList(t *testing.T) {
	w := newWorld(t)
	id := w.long(1, 2*day) // the helper writes a next attempt in the past
	if res, err := w.keeper.Tend(t.Context(), id); err != nil || res.Outcome != evergrant.OutcomeSkipped {
		t.Fatalf("Tend = %v, %v; want skipped", res.Outcome, err)
	}
	if due, err := w.store.Due(t.Context(), w.clock.Now(), 10); err != nil || len(due) != 0 {
		t.Errorf("%d channels still due, %v; want none", len(due), err)
	}
}
