package evergrant_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evergrant/evergrant"
)

// Invariant 4: one broken channel never stops the others.
func TestRunIsolatesChannels(t *testing.T) {
	w := newWorld(t)
	for i := range 50 {
		w.long(i, 57*day)
	}
	w.meta.fail("refresh long-7", server)
	w.meta.fail("refresh long-8", denied)
	w.meta.kill("long-9")
	var calls atomic.Int64
	r := w.run(evergrant.Job{Command: evergrant.CommandAutoRefresh, Within: 7 * day, Progress: func(done, total int) {
		if calls.Add(1); total != 50 || done > total {
			t.Errorf("progress %d of %d", done, total)
		}
	}})
	want := evergrant.Summary{Channels: 50, Refreshed: 47, Failed: 2, Reconnect: 1}
	if diff := cmp.Diff(want, r.Summary); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
	if calls.Load() != 50 || !r.NeedsAttention() {
		t.Errorf("%d progress calls, attention %t; want 50, true", calls.Load(), r.NeedsAttention())
	}
}

func TestReportShape(t *testing.T) {
	w := newWorld(t)
	w.long(1, 57*day)
	w.long(2, 10*day)
	w.add(3, "unknown-3", evergrant.UnknownKind, time.Minute, 0)
	r := w.run(evergrant.Job{Command: evergrant.CommandAutoRefresh, Within: 7 * day})
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"command":"auto-refresh","dry_run":false,` +
		`"summary":{"channels":3,"planned":0,"converted":1,"refreshed":1,"skipped":1,"failed":0,"reconnect":0},` +
		`"channels":[` +
		`{"id":1,"username":"shop1","token_kind":"long","status":"connected","outcome":"refreshed","reason":"expires in 3 days (threshold 7)","expires_at":"2026-04-30T09:00:00Z","error":null},` +
		`{"id":2,"username":"shop2","token_kind":"long","status":"connected","outcome":"skipped","reason":"expires in 50 days (threshold 7)","expires_at":"2026-04-20T09:00:00Z","error":null},` +
		`{"id":3,"username":"shop3","token_kind":"long","status":"connected","outcome":"converted","reason":"of unknown kind: the exchange will tell","expires_at":"2026-04-30T09:00:00Z","error":null}]}`
	if diff := cmp.Diff(want, string(b)); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

// Invariant 6: looking changes nothing, here or at Meta.
func TestLookingChangesNothing(t *testing.T) {
	w := newWorld(t)
	w.short(1, time.Minute)
	w.long(2, 57*day)
	w.long(3, 61*day)
	w.add(4, "unknown-4", evergrant.UnknownKind, time.Minute, 0)
	w.meta.kill("long-3")
	snapshot := func() string {
		var all []any
		for id := int64(1); id <= 4; id++ {
			h := w.held(id)
			events, err := w.store.Events(t.Context(), id, 100)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, h.Channel, h.Version, h.Refused, h.Value.Fingerprint(), events)
		}
		b, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	before := snapshot()
	for _, job := range []evergrant.Job{
		{Command: evergrant.CommandConvert, DryRun: true},
		{Command: evergrant.CommandAutoRefresh, DryRun: true, Within: 7 * day},
		{Command: evergrant.CommandAutoRefresh, DryRun: true, Within: 7 * day, Force: true},
		{Command: evergrant.CommandRefresh, DryRun: true},
	} {
		if r := w.run(job); r.Summary.Planned == 0 {
			t.Errorf("%s --dry-run planned nothing: %+v", job.Command, r.Summary)
		}
	}
	if _, err := w.keeper.Plan(t.Context(), 30*day); err != nil {
		t.Error(err)
	}
	if _, err := w.keeper.Why(t.Context(), 2); err != nil {
		t.Error(err)
	}
	if calls := w.meta.seen(""); len(calls) != 0 {
		t.Errorf("Meta saw %v; want no call at all", calls)
	}
	r := w.run(evergrant.Job{Command: evergrant.CommandRefresh, Check: true})
	if r.Summary.Reconnect != 1 || !r.DryRun || !r.NeedsAttention() {
		t.Errorf("check = %+v; want the dead token found", r.Summary)
	}
	if n := len(w.meta.seen("exchange")) + len(w.meta.seen("refresh")); n != 0 {
		t.Errorf("a check made %d exchanges and refreshes; want 0", n)
	}
	if diff := cmp.Diff(before, snapshot()); diff != "" {
		t.Errorf("looking changed the store (-before +after):\n%s", diff)
	}
}

// Executing what was planned makes exactly the calls that the plan listed.
func TestDryRunTellsTheCalls(t *testing.T) {
	w := newWorld(t)
	w.short(1, time.Minute)
	w.long(2, 57*day)
	w.long(3, 10*day)
	w.long(4, 5*time.Hour)
	job := evergrant.Job{Command: evergrant.CommandAutoRefresh, Within: 7 * day, DryRun: true}
	planned := w.run(job).Summary.Planned
	job.DryRun = false
	w.run(job)
	if got := w.meta.seen(""); len(got) != planned {
		t.Errorf("planned %d calls, made %v", planned, got)
	}
}

// A channel that another process works on is waited for, and its result is used.
func TestRunWaitsForAnotherWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		id := w.long(1, 57*day)
		w.long(2, 57*day)
		if _, _, err := w.store.Acquire(t.Context(), id, "a process that was killed", evergrant.LeaseTTL); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		r := w.run(evergrant.Job{Command: evergrant.CommandRefresh})
		if r.Summary.Refreshed != 2 {
			t.Errorf("run = %+v; want both refreshed", r.Summary)
		}
		if waited := time.Since(begun); waited < 80*time.Second || waited > 2*time.Minute {
			t.Errorf("waited %v for a dead holder; want the rest of its lease, less than 2 minutes", waited)
		}
		if _, err := w.keeper.Tend(t.Context(), id); err != nil && !errors.Is(err, evergrant.ErrLeased) {
			t.Error(err)
		}
	})
}

func TestTendDoesNotWait(t *testing.T) {
	w := newWorld(t)
	id := w.long(1, 57*day)
	if _, _, err := w.store.Acquire(t.Context(), id, "somebody", evergrant.LeaseTTL); err != nil {
		t.Fatal(err)
	}
	if _, err := w.keeper.Tend(t.Context(), id); !errors.Is(err, evergrant.ErrLeased) {
		t.Errorf("Tend = %v; want ErrLeased", err)
	}
}

func TestRunEndsEarlyWhenInterrupted(t *testing.T) {
	w := newWorld(t)
	for i := range 100 {
		w.long(i, 57*day)
	}
	ctx, cancel := context.WithCancel(t.Context())
	w.meta.before = func(string) {
		if len(w.meta.seen("refresh")) >= 10 {
			cancel()
		}
	}
	r, err := w.keeper.Run(ctx, evergrant.Job{Command: evergrant.CommandRefresh, Concurrency: 4})
	if err != nil {
		t.Fatal(err)
	}
	calls := len(w.meta.seen("refresh"))
	if r.Stopped != "interrupted" || calls >= 100 || r.Summary.Channels != 100 {
		t.Errorf("%d calls, stopped %q, %+v; want an early end that accounts for all channels", calls, r.Stopped, r.Summary)
	}
	stored := 0
	for i := int64(1); i <= 100; i++ {
		if w.held(i).RefreshedAt.Equal(start) {
			stored++
		}
	}
	if stored != calls {
		t.Errorf("%d refreshes at Meta, %d stored; want every call under way stored", calls, stored)
	}
}

func TestRunUnknownChannel(t *testing.T) {
	w := newWorld(t)
	_, err := w.keeper.Run(t.Context(), evergrant.Job{Command: evergrant.CommandRefresh, ChannelID: 7})
	if !errors.Is(err, evergrant.ErrNotFound) {
		t.Errorf("Run = %v; want ErrNotFound", err)
	}
}

func TestRunWithoutNetworkEndsEarly(t *testing.T) {
	w := newWorld(t)
	for i := range 500 {
		w.long(i, 57*day)
	}
	w.meta.fail("refresh", network)
	r := w.run(evergrant.Job{Command: evergrant.CommandRefresh, Concurrency: 4})
	if n := len(w.meta.seen("refresh")); n > 40 || !strings.Contains(r.Stopped, "no usable answer") {
		t.Errorf("%d calls without a network, stopped %q; want an early end", n, r.Stopped)
	}
}
