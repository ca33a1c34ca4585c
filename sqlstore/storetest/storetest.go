// Package storetest is the contract of [evergrant.Store] as a test: one suite that
// every implementation must pass, whatever lies beneath it.
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) evergrant.Store { … })
//	}
//
// The suite waits for leases of a millisecond to expire, so the store's clock must
// run. It does not sleep.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evergrant/evergrant"
)

// Run tests the store that open makes. Each subtest asks for an empty one of its own,
// which open closes with t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) evergrant.Store) {
	for _, tt := range []struct {
		name string
		test func(t *testing.T, s evergrant.Store)
	}{
		{"an empty store", testEmpty},
		{"create keeps every field", testRoundTrip},
		{"create keeps what is zero", testZero},
		{"create keeps and chooses ids", testIDs},
		{"create refuses what exists", testCreateStale},
		{"find", testFind},
		{"list pages in order of ids", testListPages},
		{"list filters", testListFilters},
		{"due", testDue},
		{"stats", testStats},
		{"events", testEvents},
		{"brake", testBrake},
		{"a lease excludes others", testLease},
		{"one of many gets the lease", testLeaseRace},
		{"an expired lease is taken over", testLeaseExpiry},
		{"an expired lease still commits", testExpiredCommit},
		{"release", testRelease},
		{"commit writes row and events", testCommit},
		{"commit is refused when stale", testCommitStale},
		{"commit writes all or nothing", testCommitAtomic},
		{"commits at once lose nothing", testCommitMany},
		{"commit survives broken text", testBrokenText},
		{"import creates and matches", testImport},
		{"import decides", testImportVerdicts},
		{"import rejects conflicts", testImportConflicts},
		{"import rejects what cannot be stored", testImportBadValues},
		{"import undoes all on error", testImportError},
		{"import sees its own rows", testImportTwice},
		{"import chooses free ids", testImportIDs},
		{"import makes a commit stale", testImportUnderLease},
		{"a context that has ended", testContext},
		{"random walk", testWalk},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, open(t)) })
	}
}

// base is an instant with milliseconds, and with what stores drop: nanoseconds and a zone.
var base = time.Date(2026, 9, 1, 12, 30, 15, 123_456_789, time.FixedZone("Tehran", 12_600))

// stored is base as it comes back.
var stored = time.Date(2026, 9, 1, 9, 0, 15, 123_000_000, time.UTC)

// full is a channel that has every field.
func full(account string) evergrant.Held {
	at := func(d time.Duration) time.Time { return base.Add(d) }
	return evergrant.Held{
		Channel: evergrant.Channel{
			App: evergrant.DefaultApp, Tenant: "acme", Provider: evergrant.ProviderInstagram,
			AccountID: account, AppScopedID: "scoped-" + account, Username: "user." + account,
			Contact: "owner@example.com", Locale: "fa",
			Status: evergrant.Paused, Reason: "checkpoint «تأیید»", Permissions: []string{"instagram_business_basic", "b"},
			TokenKind: evergrant.LongLived, IssuedAt: at(0), ExpiresAt: at(60 * 24 * time.Hour), ExpirySource: evergrant.FromProvider,
			RefreshedAt: at(1 * time.Hour), NextAttemptAt: at(2 * time.Hour), LastAttemptAt: at(3 * time.Hour), HoldUntil: at(4 * time.Hour),
			Attempts: 3,
			LastError: &evergrant.LastError{
				Class: evergrant.Blocked, Code: 190, Subcode: 459, Message: "checkpoint", TraceID: "AbC", At: at(5 * time.Hour),
			},
		},
		Value: evergrant.NewSecret("token-of-" + account),
		Previous: evergrant.Token{
			Value: evergrant.NewSecret("previous-of-" + account), Kind: evergrant.ShortLived,
			IssuedAt: at(-2 * time.Hour), ExpiresAt: at(-time.Hour), Source: evergrant.FromGuess,
		},
		Refused: "refused-" + account, Imported: "imported-" + account,
	}
}

// plain is a healthy channel with a token.
func plain(account string) evergrant.Held {
	return evergrant.Held{
		Channel: evergrant.Channel{
			App: evergrant.DefaultApp, Provider: evergrant.ProviderInstagram, AccountID: account, Username: "user." + account,
			Status: evergrant.Connected, TokenKind: evergrant.LongLived, ExpirySource: evergrant.FromProvider,
		},
		Value: evergrant.NewSecret("token-of-" + account),
	}
}

func connected() evergrant.Event {
	return evergrant.Event{Type: evergrant.EventConnected, At: base, Reason: "connected"}
}

// mustCreate adds a channel and returns it as it is held.
func mustCreate(t *testing.T, s evergrant.Store, h evergrant.Held) evergrant.Held {
	t.Helper()
	c, err := s.Create(t.Context(), h, connected())
	if err != nil {
		t.Fatalf("Create: %v", err)
	}
	return mustHeld(t, s, c.ID)
}

func mustHeld(t *testing.T, s evergrant.Store, id int64) evergrant.Held {
	t.Helper()
	h, err := s.Held(t.Context(), id)
	if err != nil {
		t.Fatalf("Held(%d): %v", id, err)
	}
	return h
}

func mustAcquire(t *testing.T, s evergrant.Store, id int64, owner string) (evergrant.Lease, evergrant.Held) {
	t.Helper()
	l, h, err := s.Acquire(t.Context(), id, owner, time.Minute)
	if err != nil {
		t.Fatalf("Acquire(%d): %v", id, err)
	}
	return l, h
}

func mustEvents(t *testing.T, s evergrant.Store, id int64) []evergrant.Event {
	t.Helper()
	events, err := s.Events(t.Context(), id, 0)
	if err != nil {
		t.Fatalf("Events(%d): %v", id, err)
	}
	return events
}

// wantErr fails the test when err does not match want.
func wantErr(t *testing.T, doing string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got error %v; want %v", doing, err, want)
	}
}

// wantEqual compares values that may hold secrets; it prints fingerprints only.
func wantEqual[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got, byFingerprint); diff != "" {
		t.Errorf("%s: got (+) is not as wanted (-):\n%s", what, diff)
	}
}

var byFingerprint = cmp.Transformer("fingerprint", func(s evergrant.Secret) string { return s.Fingerprint() })

// eventually asks again and again, until ok or for ten seconds of the store's work.
func eventually(t *testing.T, what string, ok func(ctx context.Context) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for !ok(ctx) {
		if ctx.Err() != nil {
			t.Fatalf("%s: not within 10 s", what)
		}
	}
}

// ids returns the ids of channels, in their order.
func ids(channels []evergrant.Channel) string {
	list := make([]int64, 0, len(channels))
	for _, c := range channels {
		list = append(list, c.ID)
	}
	return fmt.Sprint(list)
}
