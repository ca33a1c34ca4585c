package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/evergrant/evergrant"
)

func testCommit(t *testing.T, s evergrant.Store) {
	created := mustCreate(t, s, plain("1"))
	l, h := mustAcquire(t, s, created.ID, "me")
	next := full("changed")
	next.ID, next.Version = h.ID, h.Version
	next.CreatedAt = base // is not the caller's to change
	c, err := s.Commit(t.Context(), l, next, evergrant.Event{Type: evergrant.EventRefreshed, At: base})
	if err != nil {
		t.Fatal(err)
	}
	if c.Version != 2 || !c.CreatedAt.Equal(created.CreatedAt) || c.UpdatedAt.Before(created.UpdatedAt) {
		t.Errorf("version, created, updated = %d, %v, %v; want 2, %v, and now", c.Version, c.CreatedAt, c.UpdatedAt, created.CreatedAt)
	}
	got := mustHeld(t, s, created.ID)
	wantEqual(t, "the result of Commit", c, got.Channel)
	if got.AccountID != "changed" || got.Value.Reveal() != "token-of-changed" || got.Previous.Value.Reveal() != "previous-of-changed" ||
		got.Refused != "refused-changed" || got.Imported != "imported-changed" || got.LastError == nil || !got.ExpiresAt.Equal(stored.Add(60*24*time.Hour)) {
		t.Errorf("row = %+v; want every field changed", got)
	}
	if events := mustEvents(t, s, created.ID); len(events) != 2 || events[0].Type != evergrant.EventRefreshed {
		t.Errorf("events = %+v; want connected and refreshed", events)
	}
	l, h = mustAcquire(t, s, created.ID, "other") // the lease has ended with the Commit
	forgotten := evergrant.Held{Channel: h.Channel}
	forgotten.Status, forgotten.LastError, forgotten.ExpiresAt = evergrant.Disconnected, nil, time.Time{}
	if _, err := s.Commit(t.Context(), l, forgotten); err != nil {
		t.Fatal(err)
	}
	got = mustHeld(t, s, created.ID)
	if !got.Value.Empty() || !got.Previous.Value.Empty() || got.LastError != nil || !got.ExpiresAt.IsZero() || got.Refused != "" {
		t.Errorf("row = %+v; want tokens, error and expiry gone", got)
	}
}

func testCommitStale(t *testing.T, s evergrant.Store) {
	created := mustCreate(t, s, plain("1"))
	other := mustCreate(t, s, plain("2"))
	l, h := mustAcquire(t, s, created.ID, "me")
	for _, tt := range []struct {
		name string
		l    evergrant.Lease
		h    evergrant.Held
	}{
		{"an older version", l, withVersion(h, h.Version-1)},
		{"a version to come", l, withVersion(h, h.Version+1)},
		{"an older number", evergrant.Lease{ChannelID: l.ChannelID, Seq: l.Seq - 1}, h},
		{"a number to come", evergrant.Lease{ChannelID: l.ChannelID, Seq: l.Seq + 1}, h},
		{"another channel's row", l, other},
		{"another channel's lease", evergrant.Lease{ChannelID: other.ID, Seq: l.Seq}, h},
		{"no such channel", evergrant.Lease{ChannelID: 999, Seq: 1}, withID(h, 999)},
		{"an account of another channel", l, withAccount(h, "2")},
	} {
		_, err := s.Commit(t.Context(), tt.l, tt.h, evergrant.Event{Type: evergrant.EventFailed})
		wantErr(t, tt.name, err, evergrant.ErrStale)
	}
	if events := mustEvents(t, s, created.ID); len(events) != 1 {
		t.Errorf("events = %d; want 1: refused writes leave none", len(events))
	}
	if _, err := s.Commit(t.Context(), l, h); err != nil {
		t.Errorf("the right Commit afterwards: %v", err)
	}
	_, err := s.Commit(t.Context(), l, h)
	wantErr(t, "the same Commit again", err, evergrant.ErrStale)
}

func withVersion(h evergrant.Held, version int64) evergrant.Held {
	h.Version = version
	return h
}

func withID(h evergrant.Held, id int64) evergrant.Held {
	h.ID = id
	return h
}

func withAccount(h evergrant.Held, account string) evergrant.Held {
	h.AccountID = account
	return h
}

// testCommitAtomic watches one channel from outside while it is written: the number
// in its token, its attempts and its events must always be of one write.
func testCommitAtomic(t *testing.T, s evergrant.Store) {
	const writes = 30
	created := mustCreate(t, s, plain("1"))
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(done)
		for i := 1; i <= writes; i++ {
			l, h := mustAcquire(t, s, created.ID, "writer")
			h.Attempts, h.Value = i, evergrant.NewSecret(fmt.Sprint("token ", i))
			if _, err := s.Commit(t.Context(), l, h, evergrant.Event{Type: evergrant.EventRefreshed}); err != nil {
				t.Errorf("Commit: %v", err)
			}
		}
	})
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		h := mustHeld(t, s, created.ID)
		if want := fmt.Sprint("token ", h.Attempts); h.Attempts > 0 && h.Value.Reveal() != want {
			t.Errorf("read half a write: attempts %d with another token", h.Attempts)
		}
		if n := len(mustEvents(t, s, created.ID)); n < h.Attempts+1 {
			t.Errorf("attempts %d with %d events; want one more", h.Attempts, n)
		}
	}
	wg.Wait()
	if h := mustHeld(t, s, created.ID); h.Attempts != writes || h.Version != writes+1 {
		t.Errorf("attempts, version = %d, %d; want %d, %d", h.Attempts, h.Version, writes, writes+1)
	}
}

// testCommitMany lets workers count up the attempts of few channels, each by its own
// turn: no step may be lost.
func testCommitMany(t *testing.T, s evergrant.Store) {
	const channels, workers, turns = 3, 16, 5
	var list []int64
	for i := range channels {
		list = append(list, mustCreate(t, s, plain(fmt.Sprint(i))).ID)
	}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for turn := range turns {
				count(t, s, list[(w+turn)%channels])
			}
		})
	}
	wg.Wait()
	total := 0
	for _, id := range list {
		h := mustHeld(t, s, id)
		total += h.Attempts
		if int64(h.Attempts)+1 != h.Version || len(mustEvents(t, s, id)) != h.Attempts+1 {
			t.Errorf("channel %d: attempts %d, version %d, events %d; want them in step", id, h.Attempts, h.Version, len(mustEvents(t, s, id)))
		}
	}
	if total != workers*turns {
		t.Errorf("%d steps were counted; want %d", total, workers*turns)
	}
}

// count takes the lease, waiting for it, and counts one up.
func count(t *testing.T, s evergrant.Store, id int64) {
	eventually(t, "a turn", func(ctx context.Context) bool {
		l, h, err := s.Acquire(ctx, id, "worker", time.Minute)
		if errors.Is(err, evergrant.ErrLeased) {
			return false
		}
		if err != nil {
			t.Errorf("Acquire: %v", err)
			return true
		}
		h.Attempts++
		if _, err := s.Commit(ctx, l, h, evergrant.Event{Type: evergrant.EventFailed}); err != nil {
			t.Errorf("Commit: %v", err)
		}
		return true
	})
}

// testBrokenText: what Meta or a file put into a text must never cost a token.
func testBrokenText(t *testing.T, s evergrant.Store) {
	created := mustCreate(t, s, plain("1"))
	l, h := mustAcquire(t, s, created.ID, "me\x00")
	h.Value = evergrant.NewSecret("new token")
	h.LastError = &evergrant.LastError{Class: evergrant.Transient, Message: "half a rune \xd9 and a NUL \x00"}
	_, err := s.Commit(t.Context(), l, h, evergrant.Event{
		Type: evergrant.EventFailed, Reason: "\xff\x00", Error: h.LastError, Data: map[string]string{"\xff": "\x00"},
	})
	if err != nil {
		t.Fatalf("Commit: %v", err)
	}
	if got := mustHeld(t, s, created.ID); got.Value.Reveal() != "new token" {
		t.Error("the token was lost")
	}
}

func testContext(t *testing.T, s evergrant.Store) {
	created := mustCreate(t, s, plain("1"))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Channel(ended, created.ID)
	wantErr(t, "Channel", err, context.Canceled)
	_, err = s.List(ended, evergrant.Filter{})
	wantErr(t, "List", err, context.Canceled)
	_, _, err = s.Acquire(ended, created.ID, "me", time.Minute)
	wantErr(t, "Acquire", err, context.Canceled)
	_, err = s.Create(ended, plain("2"), connected())
	wantErr(t, "Create", err, context.Canceled)
	_, err = s.Import(ended, nil, nil)
	wantErr(t, "Import", err, context.Canceled)
	mustAcquire(t, s, created.ID, "me") // nothing of it took effect
	if list, err := s.List(t.Context(), evergrant.Filter{}); err != nil || len(list) != 1 {
		t.Errorf("List = %d, %v; want 1 channel", len(list), err)
	}
}
