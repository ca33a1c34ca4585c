package evergrant_test

import (
	"errors"
	"testing"

	"github.com/evergrant/evergrant"
)

func TestConnect(t *testing.T) {
	w := newWorld(t)
	login := evergrant.Login{Code: evergrant.NewSecret("c1"), RedirectURI: "https://example.com/cb", Tenant: "acme"}
	c, err := w.keeper.Connect(t.Context(), login)
	if err != nil {
		t.Fatal(err)
	}
	if c.TokenKind != evergrant.LongLived || c.Username != "found" || c.AccountID != "17841400000000099" || c.AppScopedID != "2764" || c.Tenant != "acme" {
		t.Errorf("Connect = %+v; want a known account with a long-lived token", c)
	}
	login.Code = evergrant.NewSecret("c2")
	again, err := w.keeper.Connect(t.Context(), login)
	if err != nil || again.ID != c.ID {
		t.Errorf("second login = channel %d, %v; want the same channel %d", again.ID, err, c.ID)
	}
	login.Tenant = "other"
	if _, err := w.keeper.Connect(t.Context(), login); !errors.Is(err, evergrant.ErrOtherTenant) {
		t.Errorf("login for another tenant: %v; want ErrOtherTenant", err)
	}
}

// If the exchange fails, the short token is kept, and the next run exchanges it.
func TestConnectKeepsTheShortToken(t *testing.T) {
	w := newWorld(t)
	w.meta.fail("exchange", server)
	c, err := w.keeper.Connect(t.Context(), evergrant.Login{Code: evergrant.NewSecret("c1")})
	if err != nil || c.TokenKind != evergrant.ShortLived {
		t.Fatalf("Connect = %s, %v; want the short token kept", c.TokenKind, err)
	}
	if !c.NextAttemptAt.Before(start.Add(10 * 60e9)) {
		t.Errorf("next attempt at %v; want one well within the hour", c.NextAttemptAt)
	}
	w.meta.mend()
	if r := w.run(evergrant.Job{Command: evergrant.CommandConvert}); r.Summary.Converted != 1 {
		t.Errorf("next run = %+v; want it converted", r.Summary)
	}
}

func TestConnectRefusedCode(t *testing.T) {
	w := newWorld(t)
	w.meta.fail("code", denied)
	if _, err := w.keeper.Connect(t.Context(), evergrant.Login{Code: evergrant.NewSecret("c1")}); err == nil {
		t.Error("Connect with a refused code succeeded")
	}
	if stats, err := w.store.Stats(t.Context()); err != nil || len(stats.ByStatus) != 0 && stats.ByStatus[evergrant.Connected] != 0 {
		t.Errorf("a refused login left a channel: %+v, %v", stats, err)
	}
}

// An account that was imported keeps its channel when its owner logs in.
func TestConnectRepairsAnImportedChannel(t *testing.T) {
	w := newWorld(t)
	w.long(7, 10*day) // a canary
	out, err := w.keeper.Import(t.Context(), []evergrant.Incoming{row(1, "imported", func(h *evergrant.Held) {
		h.AccountID, h.TokenKind, h.ExpiresAt = "17841400000000099", evergrant.LongLived, start.Add(-day)
	})})
	if err != nil {
		t.Fatal(err)
	}
	id := out[0].Held.ID
	w.meta.kill("imported")
	w.run(evergrant.Job{Command: evergrant.CommandRefresh, ChannelID: id})
	if got := w.held(id).Status; got != evergrant.ReconnectRequired {
		t.Fatalf("before the login: %s; want reconnect_required", got)
	}
	for range 2 { // the second login finds it by the id that the first one brought
		c, err := w.keeper.Connect(t.Context(), evergrant.Login{Code: evergrant.NewSecret("c")})
		if err != nil || c.ID != id || c.Status != evergrant.Connected || c.TokenKind != evergrant.LongLived || c.AppScopedID != "2764" {
			t.Errorf("Connect = channel %d, %s, %s, %v; want channel %d repaired", c.ID, c.Status, c.TokenKind, err, id)
		}
	}
	stats, err := w.store.Stats(t.Context())
	if err != nil || stats.ByStatus[evergrant.Connected] != 2 {
		t.Errorf("%d channels connected, %v; want the canary and the repaired one", stats.ByStatus[evergrant.Connected], err)
	}
}

// A value that was refused once and is given out again by Meta is good again.
func TestConnectLiftsARefusal(t *testing.T) {
	w := newWorld(t)
	w.long(1, 10*day)
	c, err := w.keeper.Connect(t.Context(), evergrant.Login{Code: evergrant.NewSecret("c")})
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(30 * day)
	w.meta.kill("minted-1")
	w.run(evergrant.Job{Command: evergrant.CommandRefresh, ChannelID: c.ID})
	if got := w.held(c.ID).Status; got != evergrant.ReconnectRequired {
		t.Fatalf("status = %s; want reconnect_required", got)
	}
	w.meta.mend()
	w.meta.minted = 0 // the same string again
	if _, err := w.keeper.Connect(t.Context(), evergrant.Login{Code: evergrant.NewSecret("c")}); err != nil {
		t.Fatal(err)
	}
	if h, err := w.keeper.Token(t.Context(), c.ID); err != nil || h.Value.Reveal() != "minted-1" {
		t.Errorf("Token = %v; want the value that Meta has given out again", err)
	}
}
