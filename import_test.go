package evergrant_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/evergrant/evergrant"
)

func row(n int64, value string, edit func(*evergrant.Held)) evergrant.Incoming {
	h := evergrant.Held{Value: evergrant.NewSecret(value)}
	h.AccountID = fmt.Sprintf("17841400000000%03d", n)
	if edit != nil {
		edit(&h)
	}
	return evergrant.Incoming{Row: n, Held: h}
}

func TestImportConcludesKindAndLife(t *testing.T) {
	for _, tt := range []struct {
		name   string
		edit   func(*evergrant.Held)
		kind   evergrant.TokenKind
		source evergrant.ExpirySource
		next   time.Duration // from start; -1: any time in the refresh band
	}{
		{"only a token", nil, evergrant.UnknownKind, evergrant.FromGuess, 0},
		{"expiry far away", func(h *evergrant.Held) { h.ExpiresAt = start.Add(50 * day) }, evergrant.LongLived, evergrant.FromImport, -1},
		{"expiry near", func(h *evergrant.Held) { h.ExpiresAt = start.Add(time.Hour) }, evergrant.UnknownKind, evergrant.FromImport, 0},
		{"said to be unknown", func(h *evergrant.Held) { h.TokenKind, h.ExpiresAt = evergrant.UnknownKind, start.Add(50*day) }, evergrant.UnknownKind, evergrant.FromImport, 0},
		{"short", func(h *evergrant.Held) { h.TokenKind, h.IssuedAt = evergrant.ShortLived, start }, evergrant.ShortLived, evergrant.FromGuess, 0},
		{"long without expiry", func(h *evergrant.Held) { h.TokenKind, h.IssuedAt = evergrant.LongLived, start }, evergrant.LongLived, evergrant.FromGuess, 25 * time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			out, err := w.keeper.Import(t.Context(), []evergrant.Incoming{row(1, "t1", tt.edit)})
			if err != nil || len(out) != 1 || out[0].Verdict != evergrant.ImportCreated {
				t.Fatalf("Import = %+v, %v; want created", out, err)
			}
			h := w.held(out[0].Held.ID)
			if h.TokenKind != tt.kind || h.ExpirySource != tt.source || h.Status != evergrant.Connected {
				t.Errorf("row = %s, %s, %s; want %s, %s, connected", h.TokenKind, h.ExpirySource, h.Status, tt.kind, tt.source)
			}
			next := h.NextAttemptAt.Sub(start)
			if tt.next >= 0 && next != tt.next || tt.next < 0 && (next < 17*day || next > 29*day) {
				t.Errorf("next attempt after %v", next)
			}
		})
	}
}

func TestImportNeverGoesBack(t *testing.T) {
	w := newWorld(t)
	w.meta.whose = ""
	old := func(h *evergrant.Held) { h.TokenKind, h.ExpiresAt = evergrant.LongLived, start.Add(3*day) }
	first := row(1, "t1", old)
	id := func() int64 {
		out, err := w.keeper.Import(t.Context(), []evergrant.Incoming{first})
		if err != nil {
			t.Fatal(err)
		}
		return out[0].Held.ID
	}()
	if res, err := w.keeper.Refresh(t.Context(), id); err != nil || res.Outcome != evergrant.OutcomeRefreshed {
		t.Fatalf("Refresh = %v, %v", res.Outcome, err)
	}
	version := w.held(id).Version
	for _, tt := range []struct {
		name string
		in   evergrant.Incoming
		want evergrant.ImportVerdict
	}{
		{"the same file again", first, evergrant.ImportUnchanged},
		{"an older token", row(1, "t0", func(h *evergrant.Held) { h.TokenKind, h.ExpiresAt = evergrant.LongLived, start.Add(2*day) }), evergrant.ImportUnchanged},
		{"a token of unknown age", row(1, "t2", nil), evergrant.ImportUnchanged},
		{"a newer token", row(1, "t3", func(h *evergrant.Held) {
			h.TokenKind, h.ExpiresAt = evergrant.LongLived, start.Add(61*day)
		}), evergrant.ImportUpdated},
		{"the newer token again", row(1, "t3", func(h *evergrant.Held) {
			h.TokenKind, h.ExpiresAt = evergrant.LongLived, start.Add(61*day)
		}), evergrant.ImportUnchanged},
	} {
		t.Run(tt.name, func(t *testing.T) {
			preview, err := w.keeper.Preview(t.Context(), []evergrant.Incoming{tt.in})
			if err != nil || preview[0].Verdict != tt.want {
				t.Errorf("Preview = %v, %v; want %v", preview[0].Verdict, err, tt.want)
			}
			if got := w.held(id).Version; got != version {
				t.Error("Preview wrote to the row")
			}
			out, err := w.keeper.Import(t.Context(), []evergrant.Incoming{tt.in})
			if err != nil || out[0].Verdict != tt.want {
				t.Errorf("Import = %v (%s), %v; want %v", out[0].Verdict, out[0].Reason, err, tt.want)
			}
			if got := w.held(id).Version; (got != version) != (tt.want == evergrant.ImportUpdated) {
				t.Errorf("row written: %t; want %t", got != version, tt.want == evergrant.ImportUpdated)
			}
			version = w.held(id).Version
		})
	}
}

// A lost channel takes a new token, but not the one that Meta has refused.
func TestImportRepairsALostChannel(t *testing.T) {
	w := newWorld(t)
	id := w.long(1, 57*day)
	w.meta.kill("long-1")
	if res, err := w.keeper.Refresh(t.Context(), id); err != nil || res.Outcome != evergrant.OutcomeReconnect {
		t.Fatalf("Refresh = %v, %v", res.Outcome, err)
	}
	account := w.held(id).AccountID
	in := func(value string) []evergrant.Incoming {
		return []evergrant.Incoming{row(1, value, func(h *evergrant.Held) { h.AccountID = account })}
	}
	if out, err := w.keeper.Import(t.Context(), in("long-1")); err != nil || out[0].Verdict != evergrant.ImportUnchanged {
		t.Errorf("the refused token: %v, %v; want unchanged", out[0].Verdict, err)
	}
	if out, err := w.keeper.Import(t.Context(), in("fresh")); err != nil || out[0].Verdict != evergrant.ImportUpdated {
		t.Errorf("a fresh token: %v, %v; want updated", out[0].Verdict, err)
	}
	if h := w.held(id); h.Status != evergrant.Connected || h.Value.Reveal() != "fresh" {
		t.Errorf("channel = %s; want it connected with the fresh token", h.Status)
	}
}

// Rows that would do harm are refused or left alone, each with its reason.
func TestImportRefusesHarm(t *testing.T) {
	long := func(left time.Duration) func(*evergrant.Held) {
		return func(h *evergrant.Held) {
			h.TokenKind, h.IssuedAt, h.ExpiresAt = evergrant.LongLived, start.Add(left-60*day), start.Add(left)
			h.Tenant = "acme"
		}
	}
	for _, tt := range []struct {
		name   string
		stored func(*evergrant.Held)
		then   func(*evergrant.Held)
		want   evergrant.ImportVerdict
	}{
		{"another account under the same id", long(40 * day), func(h *evergrant.Held) { long(50 * day)(h); h.ID, h.AccountID = 1, "17849999999999999" }, evergrant.ImportRejected},
		{"another tenant", long(40 * day), func(h *evergrant.Held) { long(50 * day)(h); h.Tenant = "other" }, evergrant.ImportRejected},
		{"expired, over one of unknown age", nil, long(-340 * day), evergrant.ImportUnchanged},
		{"a short one over a long one", long(40 * day), func(h *evergrant.Held) { h.TokenKind, h.IssuedAt = evergrant.ShortLived, start }, evergrant.ImportUnchanged},
		{"another name under the same id, and no account ids", func(h *evergrant.Held) { h.AccountID, h.Username = "", "acme" }, func(h *evergrant.Held) { h.ID, h.AccountID, h.Username = 1, "", "other" }, evergrant.ImportRejected},
		{"the same token under another id", nil, func(h *evergrant.Held) { h.ID, h.AccountID, h.Value = 9, "", evergrant.NewSecret("stored") }, evergrant.ImportRejected},
		{"a longer life", long(40 * day), long(50 * day), evergrant.ImportUpdated},
		{"no token", nil, func(h *evergrant.Held) { h.Value = evergrant.Secret{} }, evergrant.ImportRejected},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			if _, err := w.keeper.Import(t.Context(), []evergrant.Incoming{row(1, "stored", tt.stored)}); err != nil {
				t.Fatal(err)
			}
			out, err := w.keeper.Import(t.Context(), []evergrant.Incoming{row(1, "incoming", tt.then)})
			if err != nil || out[0].Verdict != tt.want {
				t.Fatalf("Import = %v (%s), %v; want %v", out[0].Verdict, out[0].Reason, err, tt.want)
			}
			if got := w.held(1).Value.Reveal() == "incoming"; got != (tt.want == evergrant.ImportUpdated) {
				t.Errorf("token replaced: %t; want %t", got, tt.want == evergrant.ImportUpdated)
			}
			if tt.want != evergrant.ImportUpdated && out[0].Reason == "" {
				t.Error("no reason is given")
			}
		})
	}
}

// Dates that no token can have are not believed: such a token is looked at now.
func TestImportDoesNotBelieveNonsense(t *testing.T) {
	w := newWorld(t)
	w.meta.whose = ""
	out, err := w.keeper.Import(t.Context(), []evergrant.Incoming{
		row(1, "far", func(h *evergrant.Held) { h.ExpiresAt = start.AddDate(31, 0, 0) }),
		row(2, "future", func(h *evergrant.Held) {
			h.TokenKind, h.IssuedAt, h.ExpiresAt = evergrant.LongLived, start.AddDate(1, 0, 0), start.AddDate(1, 2, 0)
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range out {
		if h := w.held(o.Held.ID); h.NextAttemptAt.After(start) || !h.ExpiresAt.IsZero() || !h.IssuedAt.IsZero() {
			t.Errorf("row %d: issued %v, expires %v, next attempt %v; want nothing believed", o.Row, h.IssuedAt, h.ExpiresAt, h.NextAttemptAt)
		}
	}
	if r := w.run(evergrant.Job{Command: evergrant.CommandAutoRefresh, Within: 7 * day}); r.Summary.Converted+r.Summary.Refreshed != 2 {
		t.Errorf("run = %+v; want both extended", r.Summary)
	}
}

// A token that belongs to another account than its row says is found out, not used.
func TestImportedTokenOfAnotherAccount(t *testing.T) {
	w := newWorld(t)
	out, err := w.keeper.Import(t.Context(), []evergrant.Incoming{row(1, "t1", func(h *evergrant.Held) {
		h.TokenKind, h.IssuedAt, h.ExpiresAt = evergrant.LongLived, start.Add(-57*day), start.Add(3*day)
	})})
	if err != nil {
		t.Fatal(err)
	}
	r := w.run(evergrant.Job{Command: evergrant.CommandAutoRefresh, Within: 7 * day})
	c := w.held(out[0].Held.ID)
	if c.Status != evergrant.Paused || !strings.Contains(c.Reason, "another Instagram account") || r.Summary.Failed != 1 || !r.NeedsAttention() {
		t.Errorf("channel = %s (%s), run %+v; want it paused with the reason", c.Status, c.Reason, r.Summary)
	}
	if _, err := w.keeper.Token(t.Context(), c.ID); !errors.Is(err, evergrant.ErrNoToken) || !strings.Contains(err.Error(), "another Instagram account") {
		t.Errorf("Token = %v; want it refused with the reason", err)
	}
	right := row(1, "right", func(h *evergrant.Held) { h.TokenKind, h.ExpiresAt = evergrant.LongLived, start.Add(50*day) })
	if out, err := w.keeper.Import(t.Context(), []evergrant.Incoming{right}); err != nil || out[0].Verdict != evergrant.ImportUpdated {
		t.Errorf("the right token: %v (%s), %v; want it taken", out[0].Verdict, out[0].Reason, err)
	}
}

// One token belongs to one channel.
func TestImportOfAnotherChannelsToken(t *testing.T) {
	w := newWorld(t)
	out, err := w.keeper.Import(t.Context(), []evergrant.Incoming{row(1, "t1", nil), row(2, "t2", nil), row(2, "t1", nil)})
	if err != nil || out[2].Verdict != evergrant.ImportRejected || !strings.Contains(out[2].Reason, "this very token") {
		t.Errorf("third row = %v (%s), %v; want it rejected", out[2].Verdict, out[2].Reason, err)
	}
}
