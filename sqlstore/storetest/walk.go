package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/evergrant/evergrant"
)

// testWalk performs random operations on the store and on a model, and compares what
// they answer. All walks share one store; each has accounts of its own.
func testWalk(t *testing.T, s evergrant.Store) {
	walks := 0
	rapid.Check(t, func(rt *rapid.T) {
		walks++
		w := &walk{s: s, t: t, prefix: fmt.Sprintf("walk%d-", walks), model: map[string]*modelRow{}}
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			w.step(rt)
		}
		w.compareAll(rt)
	})
}

// A walk is one sequence of operations on a few accounts.
type walk struct {
	s      evergrant.Store
	t      *testing.T
	prefix string
	model  map[string]*modelRow // by account
}

// modelRow is what a channel should be.
type modelRow struct {
	id, version int64
	token       string
	attempts    int
	events      int
	lease       evergrant.Lease // the newest
	leased      bool
	read        int64 // version that the lease's holder has read
}

func (w *walk) account(rt *rapid.T) string {
	return w.prefix + rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "account")
}

func (w *walk) step(rt *rapid.T) {
	account := w.account(rt)
	row := w.model[account]
	switch rapid.SampledFrom([]string{"create", "import", "acquire", "commit", "commit", "release", "read"}).Draw(rt, "operation") {
	case "create":
		w.create(rt, account, row)
	case "import":
		w.importRow(rt, account, row)
	case "acquire":
		w.acquire(rt, row)
	case "commit":
		w.commit(rt, row)
	case "release":
		w.release(rt, row)
	case "read":
		w.compare(rt, account)
	}
}

func token(rt *rapid.T) string { return rapid.StringMatching(`[A-Za-z0-9]{0,40}`).Draw(rt, "token") }

func (w *walk) create(rt *rapid.T, account string, row *modelRow) {
	value := token(rt)
	c, err := w.s.Create(w.t.Context(), withToken(plain(account), value), connected())
	if row != nil {
		if !errors.Is(err, evergrant.ErrStale) {
			rt.Fatalf("Create of an account that exists: %v", err)
		}
		return
	}
	if err != nil {
		rt.Fatalf("Create: %v", err)
	}
	w.model[account] = &modelRow{id: c.ID, version: 1, token: value, events: 1}
}

func (w *walk) importRow(rt *rapid.T, account string, row *modelRow) {
	value := token(rt)
	out, err := w.s.Import(w.t.Context(), incoming(withToken(plain(account), value)), func(found *evergrant.Held, in evergrant.Incoming) evergrant.ImportOutcome {
		o := accept(found, in)
		o.Held.Imported = "" // so that only the account decides
		return o
	})
	if err != nil {
		rt.Fatalf("Import: %v", err)
	}
	if row == nil {
		w.model[account] = &modelRow{id: out[0].Held.ID, version: 1, token: value, events: 1}
		return
	}
	row.version, row.token, row.attempts, row.events = row.version+1, value, 0, row.events+1
}

func (w *walk) acquire(rt *rapid.T, row *modelRow) {
	if row == nil {
		return
	}
	l, h, err := w.s.Acquire(w.t.Context(), row.id, "walker", time.Hour)
	if row.leased {
		if !errors.Is(err, evergrant.ErrLeased) {
			rt.Fatalf("Acquire of a leased channel: %v", err)
		}
		return
	}
	if err != nil || l.Seq <= row.lease.Seq || h.Version != row.version || h.Value.Reveal() != row.token {
		rt.Fatalf("Acquire = number %d, version %d, %v; want above %d, %d", l.Seq, h.Version, err, row.lease.Seq, row.version)
	}
	row.lease, row.leased, row.read = l, true, h.Version
}

func (w *walk) commit(rt *rapid.T, row *modelRow) {
	if row == nil || row.lease.Seq == 0 {
		return
	}
	h, err := w.s.Held(w.t.Context(), row.id)
	if err != nil {
		rt.Fatalf("Held: %v", err)
	}
	value, events := token(rt), rapid.IntRange(0, 2).Draw(rt, "events")
	h.Version, h.Value, h.Attempts = row.read, evergrant.NewSecret(value), rapid.IntRange(0, 9).Draw(rt, "attempts")
	c, err := w.s.Commit(w.t.Context(), row.lease, h, make([]evergrant.Event, events)...)
	if row.read != row.version { // an import or an earlier Commit came between
		if !errors.Is(err, evergrant.ErrStale) {
			rt.Fatalf("Commit of version %d over %d: %v", row.read, row.version, err)
		}
		return
	}
	if err != nil || c.Version != row.version+1 {
		rt.Fatalf("Commit = version %d, %v; want %d", c.Version, err, row.version+1)
	}
	row.version, row.token, row.attempts, row.events, row.leased = c.Version, value, h.Attempts, row.events+events, false
}

func (w *walk) release(rt *rapid.T, row *modelRow) {
	if row == nil {
		return
	}
	if err := w.s.Release(w.t.Context(), row.lease); err != nil {
		rt.Fatalf("Release: %v", err)
	}
	row.leased = false
}

func (w *walk) compareAll(rt *rapid.T) {
	for account := range w.model {
		w.compare(rt, account)
	}
}

func (w *walk) compare(rt *rapid.T, account string) {
	row := w.model[account]
	c, err := w.s.Find(w.t.Context(), evergrant.DefaultApp, account, "")
	if row == nil {
		if !errors.Is(err, evergrant.ErrNotFound) {
			rt.Fatalf("Find of an account that was never created: %v", err)
		}
		return
	}
	h, herr := w.s.Held(w.t.Context(), row.id)
	events, eerr := w.s.Events(w.t.Context(), row.id, 0)
	if err := errors.Join(err, herr, eerr); err != nil {
		rt.Fatalf("read %s: %v", account, err)
	}
	if c.ID != row.id || c.Version != row.version || h.Value.Reveal() != row.token || h.Attempts != row.attempts || len(events) != row.events {
		rt.Fatalf("%s: got id %d, version %d, attempts %d, %d events; want %+v", account, c.ID, c.Version, h.Attempts, len(events), row)
	}
}
