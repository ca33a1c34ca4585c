package evergrant_test

import (
	"fmt"
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
