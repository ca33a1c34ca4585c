package storetest

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/evergrant/evergrant"
)

func testEmpty(t *testing.T, s evergrant.Store) {
	ctx := t.Context()
	_, err := s.Channel(ctx, 1)
	wantErr(t, "Channel", err, evergrant.ErrNotFound)
	_, err = s.Held(ctx, 1)
	wantErr(t, "Held", err, evergrant.ErrNotFound)
	_, err = s.Find(ctx, evergrant.DefaultApp, "1", "2")
	wantErr(t, "Find", err, evergrant.ErrNotFound)
	_, _, err = s.Acquire(ctx, 1, "me", time.Minute)
	wantErr(t, "Acquire", err, evergrant.ErrNotFound)
	if list, err := s.List(ctx, evergrant.Filter{}); err != nil || len(list) != 0 {
		t.Errorf("List = %v, %v; want nothing", list, err)
	}
	if due, err := s.Due(ctx, base, 10); err != nil || len(due) != 0 {
		t.Errorf("Due = %v, %v; want nothing", due, err)
	}
	if events, err := s.Events(ctx, 1, 10); err != nil || len(events) != 0 {
		t.Errorf("Events = %v, %v; want nothing", events, err)
	}
	if stats, err := s.Stats(ctx); err != nil || len(stats.ByStatus) != 0 || len(stats.ByKind) != 0 || !stats.EarliestExpiry.IsZero() {
		t.Errorf("Stats = %+v, %v; want zero", stats, err)
	}
}

func testRoundTrip(t *testing.T, s evergrant.Store) {
	before := time.Now().Truncate(time.Millisecond)
	const beyond53Bits = "17841400000000000001"
	c, err := s.Create(t.Context(), full(beyond53Bits), connected())
	if err != nil {
		t.Fatal(err)
	}
	if c.ID <= 0 || c.Version != 1 {
		t.Errorf("id, version = %d, %d; want a positive id and 1", c.ID, c.Version)
	}
	if c.CreatedAt.Before(before) || c.CreatedAt.After(time.Now()) || !c.CreatedAt.Equal(c.UpdatedAt) {
		t.Errorf("created, updated = %v, %v; want now, and the same", c.CreatedAt, c.UpdatedAt)
	}
	at := func(d time.Duration) time.Time { return stored.Add(d) }
	want := full(beyond53Bits)
	want.ID, want.Version, want.CreatedAt, want.UpdatedAt = c.ID, 1, c.CreatedAt, c.UpdatedAt
	want.IssuedAt, want.ExpiresAt, want.RefreshedAt = at(0), at(60*24*time.Hour), at(time.Hour)
	want.NextAttemptAt, want.LastAttemptAt, want.HoldUntil = at(2*time.Hour), at(3*time.Hour), at(4*time.Hour)
	want.LastError.At = at(5 * time.Hour)
	want.Previous.IssuedAt, want.Previous.ExpiresAt = at(-2*time.Hour), at(-time.Hour)
	wantEqual(t, "Held", mustHeld(t, s, c.ID), want)
	wantEqual(t, "the result of Create", c, want.Channel)
	got, err := s.Channel(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "Channel", got, want.Channel)
}

func testZero(t *testing.T, s evergrant.Store) {
	h := mustCreate(t, s, evergrant.Held{Channel: evergrant.Channel{App: "a", Status: evergrant.Disconnected}})
	want := evergrant.Held{Channel: evergrant.Channel{
		ID: h.ID, App: "a", Status: evergrant.Disconnected, Version: 1, CreatedAt: h.CreatedAt, UpdatedAt: h.UpdatedAt,
	}}
	wantEqual(t, "Held", h, want)

	epoch := plain("epoch")
	epoch.IssuedAt, epoch.ExpiresAt = time.Unix(0, 0), time.UnixMilli(-1)
	h = mustCreate(t, s, epoch)
	if !h.IssuedAt.Equal(time.Unix(0, 0)) || h.IssuedAt.IsZero() || h.ExpiresAt.UnixMilli() != -1 {
		t.Errorf("issued, expires = %v, %v; want 1970 and a millisecond before", h.IssuedAt, h.ExpiresAt)
	}
}

func testIDs(t *testing.T, s evergrant.Store) {
	chosen := plain("chosen")
	chosen.ID = 1 << 40
	if h := mustCreate(t, s, chosen); h.ID != 1<<40 {
		t.Errorf("id = %d; want the chosen %d", h.ID, int64(1)<<40)
	}
	if h := mustCreate(t, s, plain("next")); h.ID <= 1<<40 {
		t.Errorf("next id = %d; want it above the chosen one", h.ID)
	}
	below := plain("below")
	below.ID = 7
	mustCreate(t, s, below)
	if h := mustCreate(t, s, plain("after below")); h.ID <= 1<<40 {
		t.Errorf("next id = %d; want the sequence never to go back", h.ID)
	}
	for _, id := range []int64{-1, 1 << 53, math.MaxInt64} {
		bad := plain(fmt.Sprint("bad", id))
		bad.ID = id
		if c, err := s.Create(t.Context(), bad, connected()); err == nil {
			t.Errorf("Create with id %d = %v; want an error", id, c.ID)
		}
	}
	mustCreate(t, s, plain("still works"))
}

func testCreateStale(t *testing.T, s evergrant.Store) {
	first := mustCreate(t, s, plain("1"))
	sameID := plain("2")
	sameID.ID = first.ID
	_, err := s.Create(t.Context(), sameID, connected())
	wantErr(t, "same id", err, evergrant.ErrStale)
	_, err = s.Create(t.Context(), plain("1"), connected())
	wantErr(t, "same account", err, evergrant.ErrStale)
	if events := mustEvents(t, s, first.ID); len(events) != 1 {
		t.Errorf("events = %d; want 1: a refused Create writes none", len(events))
	}
	other := plain("1")
	other.App = "another app"
	mustCreate(t, s, other)
	mustCreate(t, s, plain("")) // accounts that are not known yet do not meet
	mustCreate(t, s, plain(""))
}

func testFind(t *testing.T, s evergrant.Store) {
	byAccount, byScoped := plain("100"), plain("200")
	byAccount.AppScopedID, byScoped.AppScopedID = "a", "b"
	first, second := mustCreate(t, s, byAccount), mustCreate(t, s, byScoped)
	unknown := mustCreate(t, s, plain(""))
	for _, tt := range []struct {
		name, app, account, scoped string
		want                       int64 // 0: none
	}{
		{"by account", evergrant.DefaultApp, "100", "", first.ID},
		{"by app-scoped id", evergrant.DefaultApp, "", "b", second.ID},
		{"the account decides", evergrant.DefaultApp, "100", "b", first.ID},
		{"either is enough", evergrant.DefaultApp, "no such", "b", second.ID},
		{"another app", "other", "100", "a", 0},
		{"an account is no app-scoped id", evergrant.DefaultApp, "b", "100", 0},
		{"empty ids match nothing", evergrant.DefaultApp, "", "", 0},
	} {
		got, err := s.Find(t.Context(), tt.app, tt.account, tt.scoped)
		if got.ID != tt.want || tt.want == 0 && err == nil {
			t.Errorf("%s: got %d, %v; want %d (the channel without ids is %d)", tt.name, got.ID, err, tt.want, unknown.ID)
		}
		if tt.want == 0 {
			wantErr(t, tt.name, err, evergrant.ErrNotFound)
		}
	}
}

func testListPages(t *testing.T, s evergrant.Store) {
	for i := range 1005 {
		h := plain(fmt.Sprint(i))
		h.ID = int64(2*i + 1)
		mustCreate(t, s, h)
	}
	all, err := s.List(t.Context(), evergrant.Filter{})
	if err != nil || len(all) != 1000 {
		t.Fatalf("without a limit = %d, %v; want 1000", len(all), err)
	}
	var seen []evergrant.Channel
	for after := int64(0); ; {
		page, err := s.List(t.Context(), evergrant.Filter{After: after, Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		seen, after = append(seen, page...), page[len(page)-1].ID
	}
	for i, c := range seen {
		if c.ID != int64(2*i+1) {
			t.Fatalf("channel %d of all pages = %d; want %d", i, c.ID, 2*i+1)
		}
	}
	if len(seen) != 1005 {
		t.Errorf("all pages = %d channels; want 1005", len(seen))
	}
}

func testListFilters(t *testing.T, s evergrant.Store) {
	for i, c := range []struct {
		tenant, username, account string
		status                    evergrant.Status
	}{
		{"acme", "Shop_One", "1784", evergrant.Connected},
		{"acme", "shop2", "1785", evergrant.Paused},
		{"Beta", "100%cotton", "1786", evergrant.Connected},
		{"", `back\slash`, "", evergrant.Disconnected},
		{"acme2", "shopXone", "", evergrant.ReconnectRequired},
	} {
		h := plain(c.account)
		h.ID, h.Tenant, h.Username, h.Status = int64(i+1), c.tenant, c.username, c.status
		mustCreate(t, s, h)
	}
	for _, tt := range []struct {
		name string
		f    evergrant.Filter
		want string
	}{
		{"all", evergrant.Filter{}, "[1 2 3 4 5]"},
		{"status", evergrant.Filter{Statuses: []evergrant.Status{evergrant.Connected}}, "[1 3]"},
		{"statuses", evergrant.Filter{Statuses: []evergrant.Status{evergrant.Paused, evergrant.Connected}}, "[1 2 3]"},
		{"unwell ones", evergrant.Filter{Statuses: []evergrant.Status{evergrant.ReconnectRequired, evergrant.Disconnected}}, "[4 5]"},
		{"tenant, exactly", evergrant.Filter{Tenant: "acme"}, "[1 2]"},
		{"tenant and status", evergrant.Filter{Tenant: "acme", Statuses: []evergrant.Status{evergrant.Paused}}, "[2]"},
		{"query in the username, without case", evergrant.Filter{Query: "SHOP"}, "[1 2 5]"},
		{"query: an underscore is itself", evergrant.Filter{Query: "shop_one"}, "[1]"},
		{"query: a percent sign is itself", evergrant.Filter{Query: "0%c"}, "[3]"},
		{"query: a backslash is itself", evergrant.Filter{Query: `k\s`}, "[4]"},
		{"query in the account", evergrant.Filter{Query: "178"}, "[1 2 3]"},
		{"query in the tenant", evergrant.Filter{Query: "bet"}, "[3]"},
		{"query of nothing that exists", evergrant.Filter{Query: "zzz"}, "[]"},
		{"query: SQL is text", evergrant.Filter{Query: "' or 1=1 --"}, "[]"},
		{"after", evergrant.Filter{After: 3}, "[4 5]"},
		{"limit", evergrant.Filter{Limit: 2}, "[1 2]"},
	} {
		got, err := s.List(t.Context(), tt.f)
		if err != nil || ids(got) != tt.want {
			t.Errorf("%s: got %s, %v; want %s", tt.name, ids(got), err, tt.want)
		}
	}
}

func testDue(t *testing.T, s evergrant.Store) {
	day := 24 * time.Hour
	for i, c := range []struct {
		status     evergrant.Status
		next, dies time.Duration // from base; 0: unknown
	}{
		{evergrant.Connected, -day, 9 * day},       // 1: due
		{evergrant.Connected, -2 * day, 3 * day},   // 2: due, dies sooner
		{evergrant.Paused, -day, 5 * day},          // 3: due, since paused ones are probed
		{evergrant.Connected, day, day},            // 4: not yet
		{evergrant.Connected, 0, day},              // 5: never
		{evergrant.ReconnectRequired, -day, day},   // 6: nothing to be done
		{evergrant.Disconnected, -day, day},        // 7: nothing to be done
		{evergrant.Connected, -day, 0},             // 8: due, of unknown expiry
		{evergrant.Connected, -3 * day, -10 * day}, // 9: due, dead already
	} {
		h := plain(fmt.Sprint(i + 1))
		h.ID, h.Status = int64(i+1), c.status
		if c.next != 0 {
			h.NextAttemptAt = base.Add(c.next)
		}
		if c.dies != 0 {
			h.ExpiresAt = base.Add(c.dies)
		}
		mustCreate(t, s, h)
	}
	instant := plain("10")
	instant.ID, instant.NextAttemptAt, instant.ExpiresAt = 10, base, base.Add(20*day)
	mustCreate(t, s, instant)
	for _, tt := range []struct {
		name  string
		now   time.Time
		limit int
		want  string
	}{
		{"the soonest to die first", base, 100, "[8 9 2 3 1 10]"},
		{"limit", base, 3, "[8 9 2]"},
		{"no limit", base, 0, "[8 9 2 3 1 10]"},
		{"a millisecond before", base.Add(-time.Millisecond), 100, "[8 9 2 3 1]"},
		{"long before", base.Add(-100 * day), 100, "[]"},
		{"later", base.Add(2 * day), 100, "[8 9 4 2 3 1 10]"},
	} {
		got, err := s.Due(t.Context(), tt.now, tt.limit)
		if err != nil || ids(got) != tt.want {
			t.Errorf("%s: got %s, %v; want %s", tt.name, ids(got), err, tt.want)
		}
	}
}

func testStats(t *testing.T, s evergrant.Store) {
	for i, c := range []struct {
		status evergrant.Status
		kind   evergrant.TokenKind
		dies   int // days; 0: unknown
	}{
		{evergrant.Connected, evergrant.LongLived, 5},
		{evergrant.Connected, evergrant.LongLived, 4},
		{evergrant.Connected, evergrant.ShortLived, 0},
		{evergrant.Paused, evergrant.LongLived, 1},
		{evergrant.Disconnected, evergrant.LongLived, 2},
		{evergrant.ReconnectRequired, evergrant.UnknownKind, 3},
	} {
		h := plain(fmt.Sprint(i))
		h.Status, h.TokenKind = c.status, c.kind
		if c.dies != 0 {
			h.ExpiresAt = base.AddDate(0, 0, c.dies)
		}
		mustCreate(t, s, h)
	}
	got, err := s.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "Stats", got, evergrant.Stats{
		ByStatus:       map[evergrant.Status]int64{evergrant.Connected: 3, evergrant.Paused: 1, evergrant.Disconnected: 1, evergrant.ReconnectRequired: 1},
		ByKind:         map[evergrant.TokenKind]int64{evergrant.LongLived: 3, evergrant.ShortLived: 1, evergrant.UnknownKind: 1},
		EarliestExpiry: stored.AddDate(0, 0, 4),
	})
}

func testEvents(t *testing.T, s evergrant.Store) {
	a, b := mustCreate(t, s, plain("a")), mustCreate(t, s, plain("b"))
	l, h := mustAcquire(t, s, a.ID, "me")
	failure := &evergrant.LastError{Class: evergrant.Transient, Code: 2, Message: "try later", At: base}
	_, err := s.Commit(t.Context(), l, h,
		evergrant.Event{ChannelID: b.ID, Type: evergrant.EventFailed, At: base, Reason: "«دوباره»", Error: failure, Data: map[string]string{"try": "1"}},
		evergrant.Event{Type: evergrant.EventRefreshed})
	if err != nil {
		t.Fatal(err)
	}
	events := mustEvents(t, s, a.ID)
	if len(events) != 3 {
		t.Fatalf("events = %d; want 3", len(events))
	}
	if events[0].ID <= events[1].ID || events[1].ID <= events[2].ID {
		t.Errorf("ids = %d, %d, %d; want the newest first", events[0].ID, events[1].ID, events[2].ID)
	}
	if time.Since(events[0].At) > time.Minute {
		t.Errorf("an event without a time is of %v; want now", events[0].At)
	}
	wantEqual(t, "event", events[1], evergrant.Event{
		ID: events[1].ID, ChannelID: a.ID, At: stored, Type: evergrant.EventFailed, Reason: "«دوباره»",
		Error: &evergrant.LastError{Class: evergrant.Transient, Code: 2, Message: "try later", At: stored},
		Data:  map[string]string{"try": "1"},
	})
	if newest, err := s.Events(t.Context(), a.ID, 1); err != nil || len(newest) != 1 || newest[0].ID != events[0].ID {
		t.Errorf("Events with limit 1 = %v, %v; want the newest alone", newest, err)
	}
	if others := mustEvents(t, s, b.ID); len(others) != 1 {
		t.Errorf("events of the other channel = %d; want 1", len(others))
	}
}

func testBrake(t *testing.T, s evergrant.Store) {
	ctx := t.Context()
	b, err := s.Brake(ctx, "app")
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "a brake that never was", b, evergrant.Brake{App: "app"})
	b.Closed, b.Signature, b.Reason, b.Probes = true, "app/200", "API access blocked", 2
	b.ClosedAt, b.NextProbeAt, b.PausedUntil = base, base.Add(time.Minute), base.Add(time.Hour)
	if err := s.SetBrake(ctx, b); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "writing twice from one reading", s.SetBrake(ctx, b), evergrant.ErrStale)
	got, err := s.Brake(ctx, "app")
	if err != nil {
		t.Fatal(err)
	}
	b.ClosedAt, b.NextProbeAt, b.PausedUntil, b.Version = stored, stored.Add(time.Minute), stored.Add(time.Hour), 1
	wantEqual(t, "brake", got, b)
	if err := s.SetBrake(ctx, evergrant.Brake{App: "app", Version: 1}); err != nil {
		t.Fatal(err)
	}
	if got, err = s.Brake(ctx, "app"); err != nil || got.Closed || got.Version != 2 || !got.ClosedAt.IsZero() {
		t.Errorf("brake = %+v, %v; want open and version 2", got, err)
	}
	if got, err = s.Brake(ctx, "other"); err != nil || got.Version != 0 {
		t.Errorf("the other app's brake = %+v, %v; want zero", got, err)
	}
	wantErr(t, "a version that never was", s.SetBrake(ctx, evergrant.Brake{App: "other", Version: 1}), evergrant.ErrStale)
}
