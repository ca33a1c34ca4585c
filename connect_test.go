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
