package evergrant_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/evergrant/evergrant"
)

// Invariant 3: only a loss that was confirmed twice asks the owner.
func TestLossNeedsTwoAnswersAndALivingCanary(t *testing.T) {
	for _, tt := range []struct {
		name   string
		others int
		set    func(w *world)
		want   evergrant.Status
	}{
		{"both answers, canary alive", 3, func(w *world) { w.meta.kill("long-0") }, evergrant.ReconnectRequired},
		{"both answers, nobody else to ask", 0, func(w *world) { w.meta.kill("long-0") }, evergrant.ReconnectRequired},
		{"both answers, too few others to accuse the app", 3, func(w *world) { w.meta.kill("long-0", "long-1", "long-2", "long-3") }, evergrant.ReconnectRequired},
		{"both answers, but everybody is refused", 6, func(w *world) {
			w.meta.kill("long-0", "long-1", "long-2", "long-3", "long-4", "long-5", "long-6")
		}, evergrant.Connected},
		{"both answers, but nobody answers to compare", 3, func(w *world) {
			w.meta.kill("long-0")
			for _, v := range []string{"long-1", "long-2", "long-3"} {
				w.meta.fail("me "+v, server)
			}
		}, evergrant.Connected},
		{"refresh refused, but the token answers", 3, func(w *world) {
			w.meta.fail("refresh", evergrant.Failure{Class: evergrant.Lost, Status: 400, Code: 190})
		}, evergrant.Connected},
		{"refresh refused, second answer missing", 3, func(w *world) {
			w.meta.kill("long-0")
			w.meta.fail("me long-0", server)
		}, evergrant.Connected},
		{"refresh refused, then a checkpoint", 3, func(w *world) {
			w.meta.kill("long-0")
			w.meta.fail("me long-0", checkpoint)
		}, evergrant.Paused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			id := w.long(0, 57*day)
			for i := range tt.others {
				w.long(i+1, 10*day)
			}
			tt.set(w)
			res, err := w.keeper.Refresh(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			h := w.held(id)
			if h.Status != tt.want || res.Status != tt.want {
				t.Errorf("status = %s, reported %s; want %s (%s)", h.Status, res.Status, tt.want, res.Reason)
			}
			if h.Value.Reveal() != "long-0" {
				t.Error("the token was taken away")
			}
			lost := strings.Contains(w.log.String(), "❌ All token refresh methods failed")
			if lost != (tt.want == evergrant.ReconnectRequired) {
				t.Errorf("log says lost: %t; want %t", lost, tt.want == evergrant.ReconnectRequired)
			}
			if tt.want != evergrant.ReconnectRequired {
				return
			}
			calls := len(w.meta.seen("refresh long-0")) + len(w.meta.seen("me long-0"))
			for range 3 {
				if res := w.run(evergrant.Job{Command: evergrant.CommandRefresh, ChannelID: id}); res.Summary.Reconnect != 1 {
					t.Errorf("later run = %+v; want reconnect", res.Summary)
				}
			}
			if n := len(w.meta.seen("refresh long-0")) + len(w.meta.seen("me long-0")); n != calls {
				t.Errorf("a dead value was sent %d more times; want 0", n-calls)
			}
		})
	}
}

// The previous token is tried once before anybody is asked to log in again.
func TestPreviousTokenSaves(t *testing.T) {
	w := newWorld(t)
	id := w.long(0, 30*day)
	w.long(1, 10*day)
	if _, err := w.keeper.Refresh(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(5 * day)
	w.meta.kill("minted-1")
	res, err := w.keeper.Refresh(t.Context(), id)
	if err != nil || res.Outcome != evergrant.OutcomeRefreshed {
		t.Fatalf("Refresh = %+v, %v; want the previous token to save the channel", res, err)
	}
	if h := w.held(id); h.Value.Reveal() != "minted-2" || h.Status != evergrant.Connected || !h.Previous.Value.Empty() {
		t.Errorf("row = %s, previous empty %t; want the new token, and the dead one forgotten", h.Status, h.Previous.Value.Empty())
	}
	if got := w.meta.seen("refresh long-0"); len(got) != 2 {
		t.Errorf("the first token was refreshed %d times; want 2 (once by day 30, once as a rescue)", len(got))
	}
}

// An app-wide outage of any length marks zero channels dead, and ends by itself.
func TestOutageMarksNobodyDead(t *testing.T) {
	lost := evergrant.Failure{Class: evergrant.Lost, Scope: evergrant.ScopeChannel, Status: 400, Code: 190, Subcode: 460}
	for _, tt := range []struct {
		name string
		f    evergrant.Failure
	}{{"unsupported", unsupported}, {"server", server}, {"network", network}, {"looks like loss", lost}} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			for i := range 200 {
				if i%4 == 0 {
					w.short(i, time.Minute)
				} else {
					w.long(i, time.Duration(i%57+2)*day)
				}
			}
			for _, endpoint := range []string{"exchange", "refresh", "me"} {
				w.meta.fail(endpoint, tt.f)
			}
			for _, job := range []evergrant.Job{
				{Command: evergrant.CommandConvert},
				{Command: evergrant.CommandAutoRefresh, Within: 7 * day},
				{Command: evergrant.CommandAutoRefresh, Within: 7 * day, Force: true},
				{Command: evergrant.CommandRefresh},
			} {
				if r := w.run(job); r.Summary.Reconnect != 0 || !r.NeedsAttention() {
					t.Errorf("%s = %+v; want nobody lost, and attention", job.Command, r.Summary)
				}
			}
			stats, err := w.store.Stats(t.Context())
			if err != nil || stats.ByStatus[evergrant.Connected] != 200 {
				t.Errorf("%d of 200 connected, %v", stats.ByStatus[evergrant.Connected], err)
			}
			w.meta.mend()
			for range 3 {
				w.run(evergrant.Job{Command: evergrant.CommandConvert})
				w.run(evergrant.Job{Command: evergrant.CommandRefresh})
			}
			for i := int64(1); i <= 200; i++ {
				if h := w.held(i); h.TokenKind != evergrant.LongLived || h.Attempts != 0 {
					t.Fatalf("channel %d after the outage: %s, %d attempts; want long-lived and well", i, h.TokenKind, h.Attempts)
				}
			}
		})
	}
}

// The daemon waits between probes; an operator's command probes at once.
func TestBrakeProbes(t *testing.T) {
	w := newWorld(t)
	for i := range 30 {
		w.long(i, 57*day)
	}
	w.meta.fail("refresh", unsupported)
	r := w.run(evergrant.Job{Command: evergrant.CommandRefresh, Concurrency: 1})
	if r.Summary.Failed != 5 || !strings.Contains(r.Stopped, "fleet brake closed") {
		t.Fatalf("run = %+v, %q; want the brake to close at the fifth failure", r.Summary, r.Stopped)
	}
	if n := strings.Count(w.log.String(), "fleet brake closed"); n != 1 {
		t.Errorf("the operator was alarmed %d times; want 1", n)
	}
	w.meta.mend()
	if _, err := w.keeper.Tend(t.Context(), 20); !errors.Is(err, evergrant.ErrBraked) {
		t.Errorf("daemon right after the brake closed: %v; want ErrBraked", err)
	}
	w.clock.Advance(2 * time.Minute)
	if res, err := w.keeper.Tend(t.Context(), 20); err != nil || res.Outcome != evergrant.OutcomeRefreshed {
		t.Errorf("daemon's canary after a minute: %v, %v; want refreshed", res.Outcome, err)
	}
	if r = w.run(evergrant.Job{Command: evergrant.CommandRefresh}); r.Summary.Refreshed != 29 || r.Stopped != "" {
		t.Errorf("run after the canary = %+v, %q; want the other 29 refreshed", r.Summary, r.Stopped)
	}
}

// The canary is looked for where one may live, not among the first that come.
func TestCanaryIsLookedFor(t *testing.T) {
	lost := evergrant.Failure{Class: evergrant.Lost, Scope: evergrant.ScopeChannel, Status: 400, Code: 190, Subcode: 460}
	w := newWorld(t)
	for i := range 120 {
		w.long(i, 61*day) // expired by our record: no canaries
	}
	var id int64
	for i := range 50 {
		id = w.long(120+i, 30*day)
	}
	w.meta.fail("refresh", lost)
	w.meta.fail("me", lost)
	if res, err := w.keeper.Refresh(t.Context(), id); err != nil || res.Status != evergrant.Connected {
		t.Errorf("Refresh = %s (%s), %v; want nobody lost while the others are refused, too", res.Status, res.Reason, err)
	}
}

// Dead channels, however many and however early in the list, neither stop the living ones
// nor stay undecided.
func TestDeadChannelsDoNotStopTheLiving(t *testing.T) {
	w := newWorld(t)
	for i := range 40 {
		w.add(i, fmt.Sprint("dead-", i), evergrant.UnknownKind, 0, 0)
		w.meta.kill(fmt.Sprint("dead-", i))
	}
	for i := range 20 {
		w.long(100+i, 55*day)
	}
	r := w.run(evergrant.Job{Command: evergrant.CommandAutoRefresh, Within: 7 * day})
	if r.Summary.Refreshed != 20 || r.Summary.Reconnect != 40 || r.Stopped != "" {
		t.Errorf("run = %+v, %q; want 20 refreshed and 40 to reconnect", r.Summary, r.Stopped)
	}
}

// What time has ended needs no canary: a fleet that was left alone for too long is told so.
func TestExpiredFleetIsDeclaredLost(t *testing.T) {
	w := newWorld(t)
	for i := range 20 {
		w.long(i, 70*day)
		w.meta.kill(fmt.Sprint("long-", i))
	}
	if r := w.run(evergrant.Job{Command: evergrant.CommandAutoRefresh, Within: 7 * day}); r.Summary.Reconnect != 20 {
		t.Errorf("run = %+v, %q; want 20 to reconnect", r.Summary, r.Stopped)
	}
}

// A refresh whose answer was lost makes a token too young for another. The odd refusal that
// follows is neither a failure of the channel nor of the app.
func TestLostAnswerMakesYoung(t *testing.T) {
	w := newWorld(t)
	for i := range 30 {
		w.long(i, 57*day)
	}
	w.meta.fail("refresh", network)
	w.run(evergrant.Job{Command: evergrant.CommandRefresh, Concurrency: 1})
	w.meta.fail("refresh", unsupported) // what Meta says before 24 hours is written down nowhere
	for range 2 {
		r := w.run(evergrant.Job{Command: evergrant.CommandRefresh, Concurrency: 1})
		if r.Summary.Failed > 6 || r.Stopped != "" && !strings.Contains(r.Stopped, "brake") {
			t.Errorf("run = %+v, %q; want the tokens left alone", r.Summary, r.Stopped)
		}
	}
	h := w.held(1)
	if h.Status != evergrant.Connected || !h.HoldUntil.After(start.Add(23*time.Hour)) {
		t.Errorf("channel = %s, left alone until %v; want connected, for a day", h.Status, h.HoldUntil)
	}
	w.meta.mend()
	w.clock.Advance(26 * time.Hour)
	if r := w.run(evergrant.Job{Command: evergrant.CommandRefresh}); r.Summary.Refreshed != 30 {
		t.Errorf("a day later: %+v, %q; want 30 refreshed", r.Summary, r.Stopped)
	}
}

// Refused values, however many, do not make the healthy starve: a run goes on through the
// fleet, declares nobody lost, and the first living token clears the suspicion.
func TestHealthyDoNotStarveBehindRefused(t *testing.T) {
	garbled := evergrant.Failure{Class: evergrant.AppWide, Scope: evergrant.ScopeApp, Status: 400, Code: 190, Message: "Cannot parse access token"}
	for _, tt := range []struct {
		name string
		set  func(w *world, value string)
	}{
		{"revoked", func(w *world, value string) { w.meta.kill(value) }},
		{"garbage", func(w *world, value string) {
			w.meta.fail("refresh "+value, garbled)
			w.meta.fail("me "+value, garbled)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			for i := range 60 {
				w.long(i, 55*day)
				tt.set(w, fmt.Sprint("long-", i))
			}
			for i := range 3 {
				w.long(100+i, 54*day) // last in the order of expiry
			}
			r := w.run(evergrant.Job{Command: evergrant.CommandAutoRefresh, Within: 7 * day})
			if r.Summary.Refreshed != 3 {
				t.Errorf("run = %+v, %q; want the three healthy ones refreshed", r.Summary, r.Stopped)
			}
		})
	}
}

// A wrong app secret is not mistaken for a young token: a short-lived one has an hour.
func TestWrongSecretIsNotYouth(t *testing.T) {
	secret := evergrant.Failure{Class: evergrant.AppWide, Scope: evergrant.ScopeApp, Status: 400, Code: 1, Message: "Error validating client secret."}
	for _, kind := range []evergrant.TokenKind{evergrant.ShortLived, evergrant.UnknownKind} {
		w := newWorld(t)
		w.meta.whose = ""
		w.meta.fail("exchange", secret)
		w.meta.fail("refresh", unsupported)
		out, err := w.keeper.Import(t.Context(), []evergrant.Incoming{row(1, "t1", func(h *evergrant.Held) { h.TokenKind = kind })})
		if err != nil {
			t.Fatal(err)
		}
		if r := w.run(evergrant.Job{Command: evergrant.CommandConvert}); r.Summary.Failed != 1 || r.Channels[0].Error.Class != evergrant.AppWide {
			t.Errorf("%s with a wrong secret: %+v; want failed, class app", kind, r.Summary)
		}
		w.meta.mend()
		if r := w.run(evergrant.Job{Command: evergrant.CommandConvert}); r.Summary.Converted != 1 {
			t.Errorf("%s with the right secret: %+v, channel %d; want converted at once", kind, r.Summary, out[0].Held.ID)
		}
	}
}

// In the first hour a token of unknown kind may be short-lived: it is not left for a day.
func TestUnknownKindIsLookedAtWithinItsHour(t *testing.T) {
	w := newWorld(t)
	w.store.Now = w.clock.Now
	w.meta.whose = ""
	w.meta.fail("exchange", unsupported)
	w.meta.fail("refresh", unsupported)
	if _, err := w.keeper.Import(t.Context(), []evergrant.Incoming{row(1, "t1", nil)}); err != nil {
		t.Fatal(err)
	}
	w.run(evergrant.Job{Command: evergrant.CommandConvert})
	if h := w.held(1); h.HoldUntil.After(start.Add(15 * time.Minute)) {
		t.Errorf("left alone until %v; want minutes", h.HoldUntil)
	}
	w.clock.Advance(2 * time.Hour)
	w.run(evergrant.Job{Command: evergrant.CommandConvert})
	if h := w.held(1); h.HoldUntil.Before(start.Add(24 * time.Hour)) {
		t.Errorf("left alone until %v; want a day from the import, since it outlived an hour", h.HoldUntil)
	}
}
