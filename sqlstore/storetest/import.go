package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/evergrant/evergrant"
)

// accept creates what is new and updates what is found, keeping the found id.
func accept(found *evergrant.Held, in evergrant.Incoming) evergrant.ImportOutcome {
	out := evergrant.ImportOutcome{
		Row: in.Row, Verdict: evergrant.ImportCreated, Held: in.Held,
		Event: evergrant.Event{Type: evergrant.EventImported, At: base},
	}
	out.Held.Imported = in.Held.Value.Fingerprint()
	if found != nil {
		out.Verdict = evergrant.ImportUpdated
	}
	return out
}

func mustImport(t *testing.T, s evergrant.Store, rows []evergrant.Incoming, decide evergrant.ImportDecision) []evergrant.ImportOutcome {
	t.Helper()
	before := everything(t, s)
	preview, err := s.Preview(t.Context(), rows, decide)
	if err != nil {
		t.Fatalf("Preview: %v", err)
	}
	if after := everything(t, s); before != after {
		t.Errorf("Preview changed the store from\n%s\nto\n%s", before, after)
	}
	out, err := s.Import(t.Context(), rows, decide)
	if err != nil {
		t.Fatalf("Import: %v", err)
	}
	for i := range out {
		if preview[i].Verdict != out[i].Verdict || preview[i].Reason != out[i].Reason {
			t.Errorf("row %d: Preview = %s (%s); Import = %s (%s)", i, preview[i].Verdict, preview[i].Reason, out[i].Verdict, out[i].Reason)
		}
	}
	if len(out) != len(rows) {
		t.Fatalf("outcomes = %d; want one for each of %d rows", len(out), len(rows))
	}
	for i, o := range out {
		if o.Row != rows[i].Row {
			t.Errorf("outcome %d is of row %d; want %d", i, o.Row, rows[i].Row)
		}
	}
	return out
}

// incoming numbers rows from 2, as a file with a header does.
func incoming(rows ...evergrant.Held) []evergrant.Incoming {
	var list []evergrant.Incoming
	for i, h := range rows {
		list = append(list, evergrant.Incoming{Row: int64(i + 2), Held: h})
	}
	return list
}

func withToken(h evergrant.Held, token string) evergrant.Held {
	h.Value = evergrant.NewSecret(token)
	return h
}

// everything is all channels of the store, printed.
func everything(t *testing.T, s evergrant.Store) string {
	t.Helper()
	all, err := s.List(t.Context(), evergrant.Filter{Limit: 1000})
	if err != nil {
		t.Fatalf("List: %v", err)
	}
	return fmt.Sprintf("%+v", all)
}

func testImport(t *testing.T, s evergrant.Store) {
	existing := mustCreate(t, s, plain("by id"))
	byAccount := mustCreate(t, s, plain("by account"))
	nameless := plain("")
	nameless.Imported = evergrant.NewSecret("an imported token").Fingerprint()
	byPrint := mustCreate(t, s, nameless)
	otherApp := plain("by account")
	otherApp.App = "other"
	mustCreate(t, s, otherApp)

	var found []int64
	out := mustImport(t, s, incoming(
		withID(withToken(plain(""), "t1"), existing.ID),
		withToken(plain("by account"), "t2"),
		withToken(plain(""), "an imported token"),
		withToken(plain("new"), "t4"),
		withID(withToken(plain("by account"), "t5"), existing.ID+1000), // no such id: the account decides
	), func(f *evergrant.Held, in evergrant.Incoming) evergrant.ImportOutcome {
		if f == nil {
			found = append(found, 0)
		} else {
			found = append(found, f.ID)
		}
		o := accept(f, in)
		o.Held.AccountID = in.Held.AccountID
		if f != nil {
			o.Held.AccountID = f.AccountID
		}
		return o
	})
	want := []int64{existing.ID, byAccount.ID, byPrint.ID, 0, byAccount.ID}
	want = append(want, want...) // once in the preview, once in the import
	wantEqual(t, "channels found", found, want)
	for i, o := range out {
		verdict := evergrant.ImportUpdated
		if want[i] == 0 {
			verdict = evergrant.ImportCreated
		} else if o.Held.ID != want[i] {
			t.Errorf("row %d: id = %d; want %d", o.Row, o.Held.ID, want[i])
		}
		if o.Verdict != verdict {
			t.Errorf("row %d = %s (%s); want %s", o.Row, o.Verdict, o.Reason, verdict)
		}
	}
	updated := mustHeld(t, s, byAccount.ID)
	if updated.Value.Reveal() != "t5" || updated.Version != 3 || !updated.CreatedAt.Equal(byAccount.CreatedAt) {
		t.Errorf("updated channel has version %d; want 3, the last token and the old creation time", updated.Version)
	}
	created := mustHeld(t, s, out[3].Held.ID)
	if created.Value.Reveal() != "t4" || created.Version != 1 || created.CreatedAt.IsZero() {
		t.Errorf("created channel = %+v; want version 1, its token and a creation time", created.Channel)
	}
	wantEqual(t, "the outcome's row", out[3].Held, created)
	if events := mustEvents(t, s, created.ID); len(events) != 1 || events[0].Type != evergrant.EventImported || !events[0].At.Equal(stored) {
		t.Errorf("events = %+v; want imported alone", events)
	}
	if events := mustEvents(t, s, existing.ID); len(events) != 2 {
		t.Errorf("events of an updated channel = %d; want 2", len(events))
	}
}

func testImportVerdicts(t *testing.T, s evergrant.Store) {
	existing := mustCreate(t, s, plain("1"))
	for _, verdict := range []evergrant.ImportVerdict{evergrant.ImportUnchanged, evergrant.ImportRejected} {
		out := mustImport(t, s, incoming(withToken(plain("1"), "other"), withToken(plain("2"), "other too")),
			func(found *evergrant.Held, in evergrant.Incoming) evergrant.ImportOutcome {
				if found != nil { // changing what was handed over has no effect
					found.Username, found.Value = "changed", evergrant.Secret{}
				}
				return evergrant.ImportOutcome{Verdict: verdict, Reason: "because", Held: in.Held}
			})
		if out[0].Verdict != verdict || out[0].Reason != "because" {
			t.Errorf("outcome = %s, %q; want %s and the reason", out[0].Verdict, out[0].Reason, verdict)
		}
	}
	wantEqual(t, "the channel", mustHeld(t, s, existing.ID), existing)
	if list, err := s.List(t.Context(), evergrant.Filter{}); err != nil || len(list) != 1 {
		t.Errorf("List = %d, %v; want 1: nothing else was written", len(list), err)
	}
	if events := mustEvents(t, s, existing.ID); len(events) != 1 {
		t.Errorf("events = %d; want 1", len(events))
	}
}

func testImportConflicts(t *testing.T, s evergrant.Store) {
	one, two := mustCreate(t, s, plain("1")), mustCreate(t, s, plain("2"))
	out := mustImport(t, s, incoming(
		withID(withToken(plain("2"), "a"), one.ID), // id of one, account of the other
		withToken(plain("3"), "b"),
		withID(withToken(plain("4"), "c"), two.ID), // takes a new account: allowed
	), func(found *evergrant.Held, in evergrant.Incoming) evergrant.ImportOutcome {
		if in.Row == 2 && (found == nil || found.ID != one.ID) {
			t.Errorf("the conflicting row found %+v; want the channel of its id", found)
		}
		return accept(found, in)
	})
	wantVerdicts(t, out, evergrant.ImportRejected, evergrant.ImportCreated, evergrant.ImportUpdated)
	wantEqual(t, "the channel of the conflict", mustHeld(t, s, one.ID), one)

	create := func(_ *evergrant.Held, in evergrant.Incoming) evergrant.ImportOutcome { return accept(nil, in) }
	out = mustImport(t, s, incoming(
		withID(withToken(plain("9"), "d"), one.ID), // decides to create although the id exists
		withToken(plain("1"), "e"),                 // … or the account
		withToken(plain("5"), "f"),
	), create)
	wantVerdicts(t, out, evergrant.ImportRejected, evergrant.ImportRejected, evergrant.ImportCreated)
}

func wantVerdicts(t *testing.T, out []evergrant.ImportOutcome, want ...evergrant.ImportVerdict) {
	t.Helper()
	for i, o := range out {
		if o.Verdict != want[i] {
			t.Errorf("row %d = %s (%s); want %s", o.Row, o.Verdict, o.Reason, want[i])
		}
		if o.Verdict == evergrant.ImportRejected && o.Reason == "" {
			t.Errorf("row %d is rejected without a reason", o.Row)
		}
	}
}

func testImportBadValues(t *testing.T, s evergrant.Store) {
	out := mustImport(t, s, incoming(
		withID(withToken(plain("1"), "a"), -5),
		withID(withToken(plain("2"), "b"), 1<<53),
		withToken(plain("3"), "c"),
	), accept)
	wantVerdicts(t, out, evergrant.ImportRejected, evergrant.ImportRejected, evergrant.ImportCreated)
	mustCreate(t, s, plain("4")) // the sequence has not run out
}

func testImportError(t *testing.T, s evergrant.Store) {
	existing := mustCreate(t, s, plain("1"))
	_, err := s.Import(t.Context(), incoming(withToken(plain("1"), "a"), withToken(plain("2"), "b"), withToken(plain("3"), "c")),
		func(found *evergrant.Held, in evergrant.Incoming) evergrant.ImportOutcome {
			o := accept(found, in)
			if in.Row == 4 {
				o.Verdict = evergrant.ImportUpdated // although there is nothing to update
			}
			return o
		})
	if err == nil {
		t.Fatal("an impossible decision gave no error")
	}
	wantEqual(t, "the channel", mustHeld(t, s, existing.ID), existing)
	if list, err := s.List(t.Context(), evergrant.Filter{}); err != nil || len(list) != 1 {
		t.Errorf("List = %d, %v; want 1: nothing was written", len(list), err)
	}
	if _, err := s.Import(t.Context(), nil, accept); err != nil {
		t.Errorf("an import of nothing: %v", err)
	}
}

func testImportTwice(t *testing.T, s evergrant.Store) {
	rows := incoming(
		withToken(plain("1"), "a"), withToken(plain("1"), "b"), // one account twice
		withToken(plain(""), "c"), withToken(plain(""), "c"), // one token twice
		withID(withToken(plain("4"), "d"), 44), withID(withToken(plain("4"), "e"), 44), // one id twice
	)
	out := mustImport(t, s, rows, accept)
	created, updated := evergrant.ImportCreated, evergrant.ImportUpdated
	wantVerdicts(t, out, created, updated, created, updated, created, updated)
	list, err := s.List(t.Context(), evergrant.Filter{})
	if err != nil || len(list) != 3 {
		t.Fatalf("List = %d, %v; want 3", len(list), err)
	}
	for _, c := range list {
		if c.Version != 2 {
			t.Errorf("channel %d: version = %d; want 2", c.ID, c.Version)
		}
	}
	wantVerdicts(t, mustImport(t, s, rows, accept), updated, updated, updated, updated, updated, updated)
}

func testImportIDs(t *testing.T, s evergrant.Store) {
	out := mustImport(t, s, incoming(
		withToken(plain("1"), "a"), withID(withToken(plain("2"), "b"), 1), withToken(plain("3"), "c"), withID(withToken(plain("4"), "d"), 2),
	), accept)
	created := evergrant.ImportCreated
	wantVerdicts(t, out, created, created, created, created)
	if out[1].Held.ID != 1 || out[3].Held.ID != 2 {
		t.Errorf("chosen ids became %d and %d; want 1 and 2", out[1].Held.ID, out[3].Held.ID)
	}
	seen := map[int64]bool{}
	for _, o := range out {
		if seen[o.Held.ID] {
			t.Errorf("id %d was given twice", o.Held.ID)
		}
		seen[o.Held.ID] = true
	}
	if h := mustCreate(t, s, plain("5")); seen[h.ID] {
		t.Errorf("id %d was given twice", h.ID)
	}

	var many []evergrant.Held
	for i := range 230 { // more than one insert statement, and not a round number
		many = append(many, withToken(plain(fmt.Sprint("many ", i)), fmt.Sprint("token ", i)))
	}
	for i, o := range mustImport(t, s, incoming(many...), accept) {
		if h := mustHeld(t, s, o.Held.ID); h.Value.Reveal() != fmt.Sprint("token ", i) {
			t.Errorf("row %d: channel %d has another row's token", o.Row, o.Held.ID)
		}
	}
}

func testImportUnderLease(t *testing.T, s evergrant.Store) {
	created := mustCreate(t, s, plain("1"))
	l, h, err := s.Acquire(t.Context(), created.ID, "worker", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	mustImport(t, s, incoming(withToken(plain("1"), "imported")), accept)
	_, err = s.Commit(t.Context(), l, h)
	wantErr(t, "Commit of what was read before the import", err, evergrant.ErrStale)
	_, _, err = s.Acquire(t.Context(), created.ID, "other", time.Minute)
	if !errors.Is(err, evergrant.ErrLeased) {
		t.Errorf("Acquire = %v; want the lease to go on: %v", err, evergrant.ErrLeased)
	}
	h = mustHeld(t, s, created.ID)
	if _, err := s.Commit(t.Context(), l, h); err != nil {
		t.Errorf("Commit of the row as it is now, under the same lease: %v", err)
	}
}
