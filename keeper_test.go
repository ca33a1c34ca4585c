package evergrant_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/schedule"
)

func TestNewRefuses(t *testing.T) {
	if _, err := evergrant.New(evergrant.Config{}); err == nil {
		t.Error("New without a store succeeded; want an error")
	}
	w := newWorld(t)
	_, err := evergrant.New(evergrant.Config{Store: w.store, Policy: schedule.Policy{Early: 0.9, Late: 0.1}})
	if err == nil {
		t.Error("New with an unsafe policy succeeded; want an error")
	}
}

func TestConvert(t *testing.T) {
	w := newWorld(t)
	id := w.short(1, 10*time.Minute)
	res, err := w.keeper.Convert(t.Context(), id, false)
	if err != nil {
		t.Fatal(err)
	}
	if res.Outcome != evergrant.OutcomeConverted || res.TokenKind != evergrant.LongLived {
		t.Errorf("Convert = %+v; want converted to long", res)
	}
	h := w.held(id)
	if got, want := h.ExpiresAt, start.Add(60*day); !got.Equal(want) {
		t.Errorf("expiry = %v; want %v", got, want)
	}
	if got := h.Previous.Value.Reveal(); got != "short-1" {
		t.Errorf("previous token = %q; want the short one", got)
	}
	if !strings.Contains(w.log.String(), "✅ Successfully converted to long-lived token, expires in 5184000 seconds") {
		t.Errorf("log lacks the success line:\n%s", w.log)
	}
	if res, _ = w.keeper.Convert(t.Context(), id, false); res.Outcome != evergrant.OutcomeSkipped {
		t.Errorf("second Convert = %v; want skipped", res.Outcome)
	}
	if n := len(w.meta.seen("exchange")); n != 1 {
		t.Errorf("Meta saw %d exchanges; want 1", n)
	}
}

func TestRefresh(t *testing.T) {
	for _, same := range []bool{false, true} {
		t.Run(fmt.Sprintf("same string %t", same), func(t *testing.T) {
			w := newWorld(t)
			w.meta.same = same
			id := w.long(1, 57*day)
			res, err := w.keeper.Refresh(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			if res.Outcome != evergrant.OutcomeRefreshed {
				t.Errorf("Refresh = %+v; want refreshed", res)
			}
			h := w.held(id)
			if !h.RefreshedAt.Equal(start) || !h.ExpiresAt.Equal(start.Add(60*day)) || h.Attempts != 0 {
				t.Errorf("row after refresh = %+v", h.Channel)
			}
			if same != h.Previous.Value.Empty() {
				t.Errorf("previous token empty = %t; want %t", h.Previous.Value.Empty(), same)
			}
			if h.NextAttemptAt.Before(start.Add(27*day)) || h.NextAttemptAt.After(start.Add(39*day)) {
				t.Errorf("next attempt %v; want day 27 to 39", h.NextAttemptAt)
			}
			want := "✅ Instagram token refreshed for channel shop1, expires at 2026-04-30T09:00:00Z"
			if !strings.Contains(w.log.String(), want) {
				t.Errorf("log lacks %q:\n%s", want, w.log)
			}
		})
	}
}

func TestRefreshLeavesYoungTokensAlone(t *testing.T) {
	w := newWorld(t)
	id := w.long(1, 5*time.Hour)
	for _, run := range []evergrant.Job{
		{Command: evergrant.CommandRefresh},
		{Command: evergrant.CommandAutoRefresh, Within: 90 * day, Force: true},
	} {
		if r := w.run(run); r.Summary.Skipped != 1 {
			t.Errorf("%s over a token 5 hours old: %+v; want skipped", run.Command, r.Summary)
		}
	}
	if res, _ := w.keeper.Convert(t.Context(), id, true); res.Outcome != evergrant.OutcomeConverted {
		t.Errorf("forced Convert = %v; want converted", res.Outcome)
	}
	if calls := w.meta.seen("refresh"); len(calls) != 0 {
		t.Errorf("Meta saw %v; want no refresh of a token younger than 24 hours", calls)
	}
}

func TestUnknownKind(t *testing.T) {
	for _, tt := range []struct {
		name     string
		age      time.Duration
		set      func(*fakeMeta)
		want     evergrant.Outcome
		kind     evergrant.TokenKind
		refresh  int
		wantStat evergrant.Status
	}{
		{"it was short", time.Minute, func(*fakeMeta) {}, evergrant.OutcomeConverted, evergrant.LongLived, 0, evergrant.Connected},
		{"it was long", 3 * day, func(m *fakeMeta) { m.fail("exchange", odd) }, evergrant.OutcomeRefreshed, evergrant.LongLived, 1, evergrant.Connected},
		{"long and young", time.Hour, func(m *fakeMeta) { m.fail("exchange", odd) }, evergrant.OutcomeSkipped, evergrant.UnknownKind, 0, evergrant.Connected},
		{"long, and Meta says unsupported", 3 * day, func(m *fakeMeta) { m.fail("exchange", unsupported); m.fail("refresh", unsupported) }, evergrant.OutcomeFailed, evergrant.UnknownKind, 1, evergrant.Connected},
		{"no answer", time.Minute, func(m *fakeMeta) { m.fail("exchange", network) }, evergrant.OutcomeFailed, evergrant.UnknownKind, 0, evergrant.Connected},
		{"dead", 3 * day, func(m *fakeMeta) { m.kill("unknown-1") }, evergrant.OutcomeReconnect, evergrant.UnknownKind, 1, evergrant.ReconnectRequired},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			id := w.add(1, "unknown-1", evergrant.UnknownKind, tt.age, 60*day)
			tt.set(w.meta)
			res, err := w.keeper.Convert(t.Context(), id, false)
			if err != nil {
				t.Fatal(err)
			}
			if res.Outcome != tt.want || res.TokenKind != tt.kind || res.Status != tt.wantStat {
				t.Errorf("Convert = %s, %s, %s; want %s, %s, %s", res.Outcome, res.TokenKind, res.Status, tt.want, tt.kind, tt.wantStat)
			}
			if n := len(w.meta.seen("refresh")); n != tt.refresh {
				t.Errorf("Meta saw %d refreshes; want %d", n, tt.refresh)
			}
			if h := w.held(id); h.Value.Empty() {
				t.Error("the token is gone; a failure never takes it away")
			}
		})
	}
}

// What each class of failure does to the row.
func TestFailureClasses(t *testing.T) {
	for _, tt := range []struct {
		name     string
		f        evergrant.Failure
		status   evergrant.Status
		attempts int
		hold     time.Duration
	}{
		{"transient", server, evergrant.Connected, 1, 0},
		{"network", network, evergrant.Connected, 1, 0},
		{"throttled with a time", slowDown, evergrant.Connected, 0, 19 * time.Minute},
		{"blocked", checkpoint, evergrant.Paused, 1, 0},
		{"denied", denied, evergrant.Connected, 1, 0},
		{"app", unsupported, evergrant.Connected, 1, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.meta.whose = ""
			id := w.long(1, 57*day)
			w.meta.fail("refresh", tt.f)
			res, err := w.keeper.Refresh(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			if res.Outcome != evergrant.OutcomeFailed || res.Error == nil || res.Error.Code != tt.f.Code {
				t.Errorf("Refresh = %+v; want failed with code %d", res, tt.f.Code)
			}
			h := w.held(id)
			if h.Status != tt.status || h.Attempts != tt.attempts || h.Value.Reveal() != "long-1" {
				t.Errorf("row = %s, %d attempts, token kept %t; want %s, %d, true", h.Status, h.Attempts, h.Value.Reveal() == "long-1", tt.status, tt.attempts)
			}
			if tt.hold != 0 && !h.HoldUntil.Equal(start.Add(tt.hold)) {
				t.Errorf("hold until %v; want %v", h.HoldUntil, start.Add(tt.hold))
			}
			if !h.NextAttemptAt.After(start) {
				t.Errorf("next attempt %v; want a later one", h.NextAttemptAt)
			}
			w.meta.mend()
			w.clock.Advance(day)
			if res, err := w.keeper.Refresh(t.Context(), id); err != nil || res.Outcome != evergrant.OutcomeRefreshed {
				t.Errorf("after Meta has come round: %v, %v; want refreshed", res.Outcome, err)
			}
			if h := w.held(id); h.Status != evergrant.Connected || h.LastError != nil || h.Attempts != 0 {
				t.Errorf("row after success = %+v", h.Channel)
			}
		})
	}
}

func TestThrottledAppStopsTheRun(t *testing.T) {
	w := newWorld(t)
	for i := range 40 {
		w.long(i, 57*day)
	}
	w.meta.fail("refresh", appLimit)
	r := w.run(evergrant.Job{Command: evergrant.CommandRefresh, Concurrency: 2})
	if r.Stopped == "" || !r.NeedsAttention() {
		t.Errorf("run = %+v, stopped %q; want an early end that is reported", r.Summary, r.Stopped)
	}
	if n := len(w.meta.seen("refresh")); n > 4 {
		t.Errorf("Meta saw %d calls; want the run to end at the first throttling", n)
	}
	w.meta.mend()
	before := len(w.meta.seen(""))
	if r = w.run(evergrant.Job{Command: evergrant.CommandRefresh}); len(w.meta.seen("")) != before {
		t.Errorf("a second run called Meta during the pause: %+v", r.Summary)
	}
	w.clock.Advance(16 * time.Minute)
	if r = w.run(evergrant.Job{Command: evergrant.CommandRefresh}); r.Summary.Refreshed != 40 {
		t.Errorf("after the pause: %+v; want 40 refreshed", r.Summary)
	}
}

// Invariant 1: any number of callers, and two processes, one refresh.
func TestOneFlight(t *testing.T) {
	w := newWorld(t)
	id := w.long(1, 57*day)
	other := w.anotherKeeper()
	var wg sync.WaitGroup
	for i := range 100 {
		k := w.keeper
		if i%2 == 1 {
			k = other
		}
		wg.Go(func() {
			if _, err := k.Refresh(context.Background(), id); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if calls := w.meta.seen("refresh"); len(calls) != 1 {
		t.Errorf("Meta saw %d refreshes; want 1", len(calls))
	}
}

// The first caller's cancellation must not fail the others.
func TestFlightOutlivesItsFirstCaller(t *testing.T) {
	w := newWorld(t)
	id := w.long(1, 57*day)
	inside, leave := make(chan struct{}), make(chan struct{})
	w.meta.before = func(string) { close(inside); <-leave }
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error)
	go func() {
		_, err := w.keeper.Refresh(ctx, id)
		first <- err
	}()
	<-inside
	second := make(chan evergrant.Result)
	go func() {
		res, err := w.keeper.Refresh(context.Background(), id)
		if err != nil {
			t.Error(err)
		}
		second <- res
	}()
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("first caller got %v; want its own cancellation", err)
	}
	close(leave)
	if res := <-second; res.Outcome != evergrant.OutcomeRefreshed && res.Outcome != evergrant.OutcomeSkipped {
		t.Errorf("second caller got %+v", res)
	}
	if h := w.held(id); !h.RefreshedAt.Equal(start) {
		t.Errorf("the refresh was not stored: %+v", h.Channel)
	}
}

func TestToken(t *testing.T) {
	w := newWorld(t)
	healthy, short, expired, gone := w.long(1, 10*day), w.short(2, time.Minute), w.long(3, 61*day), w.long(4, 10*day)
	w.meta.kill("long-3")
	if _, err := w.keeper.Disconnect(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	if h, err := w.keeper.Token(t.Context(), healthy); err != nil || h.Value.Reveal() != "long-1" {
		t.Errorf("healthy: %v; want its stored token", err)
	}
	if n := len(w.meta.seen("")); n != 0 {
		t.Errorf("a healthy token cost %d calls; want 0", n)
	}
	if h, err := w.keeper.Token(t.Context(), short); err != nil || h.TokenKind != evergrant.LongLived {
		t.Errorf("short: %v, %v; want it converted first", h.TokenKind, err)
	}
	if _, err := w.keeper.Token(t.Context(), expired); !errors.Is(err, evergrant.ErrLost) {
		t.Errorf("dead: %v; want ErrLost", err)
	}
	if _, err := w.keeper.Token(t.Context(), gone); !errors.Is(err, evergrant.ErrNoToken) {
		t.Errorf("disconnected: %v; want ErrNoToken", err)
	}
	if _, err := w.keeper.Token(t.Context(), 999); !errors.Is(err, evergrant.ErrNotFound) {
		t.Errorf("unknown: %v; want ErrNotFound", err)
	}
}

func TestDisconnectForgetsTokensAndKeepsHistory(t *testing.T) {
	w := newWorld(t)
	id := w.long(1, 57*day)
	if _, err := w.keeper.Refresh(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	for range 2 { // repeating does nothing
		c, err := w.keeper.Disconnect(t.Context(), id)
		if err != nil || c.Status != evergrant.Disconnected {
			t.Fatalf("Disconnect = %s, %v", c.Status, err)
		}
	}
	h := w.held(id)
	if !h.Value.Empty() || !h.Previous.Value.Empty() || !h.NextAttemptAt.IsZero() {
		t.Error("a disconnected channel still has tokens or work to do")
	}
	events, err := w.store.Events(t.Context(), id, 10)
	if err != nil || len(events) != 3 {
		t.Errorf("%d events, %v; want imported, refreshed, disconnected", len(events), err)
	}
}
