package sim_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/evergrant/evergrant/internal/sim"
)

func TestCreateAccounts(t *testing.T) {
	s := sim.New(sim.Config{})
	made, err := s.CreateAccounts(
		sim.AccountSpec{Account: sim.Account{ID: "17841400000000003", Username: "taken"}}, // in the way of the generated ids
		sim.AccountSpec{Account: sim.Account{Username: "shop", AccountType: "Media_Creator"}, Count: 2},
		sim.AccountSpec{Count: 2},
	)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	seen := map[string]bool{}
	for _, a := range made {
		names = append(names, a.Username)
		for _, id := range []string{a.ID, a.AppScopedID} {
			if seen[id] {
				t.Errorf("id %s is there twice", id)
			}
			seen[id] = true
			if n, err := strconv.ParseInt(id, 10, 64); err != nil || n <= 1<<53 || int64(float64(n)) == n {
				t.Errorf("id %s survives a float64; want one that does not", id)
			}
		}
	}
	if got, want := strings.Join(names, " "), "taken shop-1 shop-2 shop00004 shop00005"; got != want {
		t.Errorf("got usernames %s; want %s", got, want)
	}
	if made[1].AccountType != "Media_Creator" || made[3].AccountType != "BUSINESS" {
		t.Errorf("got types %s, %s; want Media_Creator, BUSINESS", made[1].AccountType, made[3].AccountType)
	}
	if got := s.Accounts(); len(got) != 5 || got[4].ID != made[4].ID {
		t.Errorf("Accounts: got %d; want the 5 in order", len(got))
	}
	for _, ref := range []string{made[1].ID, made[1].AppScopedID, made[1].Username} {
		if got, ok := s.Account(ref); !ok || got.ID != made[1].ID {
			t.Errorf("Account(%s): got %v, %v; want %s", ref, got.ID, ok, made[1].ID)
		}
	}
	if _, ok := s.Account("nobody"); ok {
		t.Error("Account(nobody): got one; want none")
	}
}

func TestCreateAccountErrors(t *testing.T) {
	s := sim.New(sim.Config{})
	if _, err := s.CreateAccount(sim.Account{ID: "111", AppScopedID: "222", Username: "acme"}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		a    sim.Account
		want string
	}{
		{sim.Account{ID: "x"}, "account_id"},
		{sim.Account{ID: "0123"}, "account_id"},
		{sim.Account{AppScopedID: "x"}, "app_scoped_id"},
		{sim.Account{Username: "a b"}, "username"},
		{sim.Account{Username: "123"}, "looks like an id"},
		{sim.Account{Shape: "x"}, "shape"},
		{sim.Account{RefreshStyle: "x"}, "refresh"},
		{sim.Account{OldToken: "x"}, "old_token"},
		{sim.Account{RefusedAt: sim.Me}, "refused_at"},
		{sim.Account{ID: "111"}, "taken"},
		{sim.Account{ID: "222"}, "taken"},
		{sim.Account{Username: "acme"}, "taken"},
		{sim.Account{ID: "333", AppScopedID: "333"}, "differ"},
	} {
		if _, err := s.CreateAccount(tt.a); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("CreateAccount(%+v): got %v; want an error about %s", tt.a, err, tt.want)
		}
	}
	for _, spec := range []sim.AccountSpec{{Count: -1}, {Count: 2_000_000}, {Count: 2, Account: sim.Account{ID: "1"}}} {
		if _, err := s.CreateAccounts(spec); err == nil {
			t.Errorf("CreateAccounts(%+v): got no error; want one", spec)
		}
	}
	if n := len(s.Accounts()); n != 1 {
		t.Errorf("got %d accounts; want the first only", n)
	}
}

func TestIssueTokens(t *testing.T) {
	s := sim.New(sim.Config{Now: func() time.Time { return start }})
	made, err := s.IssueTokens(
		sim.TokenSpec{Count: 50, Age: sim.Days(1), AgeSpread: sim.Days(40)},
		sim.TokenSpec{ExpiresIn: new(sim.Days(3)), Value: "planted"},
		sim.TokenSpec{ExpiresAt: start.Add(time.Hour), Revoked: sim.LoggedOut},
	)
	if err != nil {
		t.Fatal(err)
	}
	youngest, oldest := start, start
	for _, tok := range made[:50] {
		if tok.IssuedAt.After(start.Add(-day)) || !tok.IssuedAt.After(start.Add(-41*day)) {
			t.Errorf("issued %v; want 1 to 41 days ago", tok.IssuedAt)
		}
		oldest = minTime(oldest, tok.IssuedAt)
		if youngest.Equal(start) || tok.IssuedAt.After(youngest) {
			youngest = tok.IssuedAt
		}
	}
	if youngest.Sub(oldest) < 20*day {
		t.Errorf("ages from %v to %v; want them spread over some 40 days", oldest, youngest)
	}
	if p := made[50]; p.Value != "planted" || !p.ExpiresAt.Equal(start.Add(3*day)) || p.Kind != sim.Long || p.Dead != "" {
		t.Errorf("got %+v; want the planted one for 3 days", p)
	}
	if d := made[51]; d.Dead != sim.LoggedOut || !d.ExpiresAt.Equal(start.Add(time.Hour)) {
		t.Errorf("got %+v; want a token logged out, for an hour", d)
	}
}

func minTime(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func TestIssueTokenErrors(t *testing.T) {
	s := sim.New(sim.Config{})
	if _, err := s.IssueToken(sim.TokenSpec{Value: "planted"}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		spec sim.TokenSpec
		want string
	}{
		{sim.TokenSpec{Kind: "x"}, "kind"},
		{sim.TokenSpec{Age: -1}, "age"},
		{sim.TokenSpec{AgeSpread: -1}, "age_spread"},
		{sim.TokenSpec{ExpiresIn: new(sim.Days(1)), ExpiresAt: start}, "expires_at"},
		{sim.TokenSpec{Revoked: "x"}, "reason"},
		{sim.TokenSpec{Subcode: "x"}, "subcode"},
		{sim.TokenSpec{Account: "nobody"}, "nobody"},
		{sim.TokenSpec{Value: "planted"}, "exists already"},
	} {
		if _, err := s.IssueToken(tt.spec); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("IssueToken(%+v): got %v; want an error about %s", tt.spec, err, tt.want)
		}
	}
	for _, spec := range []sim.TokenSpec{{Count: -1}, {Count: 2_000_000}, {Count: 2, Value: "x"}} {
		if _, err := s.IssueTokens(spec); err == nil {
			t.Errorf("IssueTokens(%+v): got no error; want one", spec)
		}
	}
	if _, err := s.IssueToken(sim.TokenSpec{Count: 2}); err == nil {
		t.Error("IssueToken with a count: got no error; want one")
	}
}

func TestKillTokens(t *testing.T) {
	b := newBench(t, sim.Config{})
	a := b.account(sim.Account{})
	long, short := b.token(sim.TokenSpec{Account: a.ID}), b.token(sim.TokenSpec{Account: a.ID, Kind: sim.Short})
	other := b.token(sim.TokenSpec{})
	for _, tt := range []struct {
		name             string
		sel              sim.Selector
		long, short, oth bool // dead
	}{
		{"one", sim.Selector{Token: long.Value}, true, false, false},
		{"account", sim.Selector{Account: a.Username}, true, true, false},
		{"account and kind", sim.Selector{Account: a.ID, Kind: sim.Short}, false, true, false},
		{"token of another account", sim.Selector{Token: other.Value, Account: a.ID}, false, false, false},
		{"all", sim.Selector{}, true, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := b.KillTokens(tt.sel, sim.LoggedOut); err != nil {
				t.Fatal(err)
			}
			if l, s, o := !b.Accepts(long.Value), !b.Accepts(short.Value), !b.Accepts(other.Value); l != tt.long || s != tt.short || o != tt.oth {
				t.Errorf("dead: got %v, %v, %v; want %v, %v, %v", l, s, o, tt.long, tt.short, tt.oth)
			}
			if n, err := b.ReviveTokens(sim.Selector{}); n != 3 || err != nil {
				t.Errorf("ReviveTokens: got %d, %v; want 3, nil", n, err)
			}
		})
	}
	for _, sel := range []sim.Selector{{Token: "none"}, {Account: "nobody"}} {
		if _, err := b.KillTokens(sel, sim.LoggedOut); err == nil {
			t.Errorf("KillTokens(%+v): got no error; want one", sel)
		}
		if _, err := b.Tokens(sel); err == nil {
			t.Errorf("Tokens(%+v): got no error; want one", sel)
		}
	}
	if _, err := b.KillTokens(sim.Selector{}, "boredom"); err == nil {
		t.Error("KillTokens for boredom: got no error; want one")
	}
	if err := b.KillToken("", sim.LoggedOut); err == nil || b.Accepts("") {
		t.Error("KillToken of nothing: got no error; want one")
	}
}

func TestTokenValuesComeFromTheSeed(t *testing.T) {
	values := func(seed uint64) string {
		s := sim.New(sim.Config{Seed: seed})
		made, err := s.IssueTokens(sim.TokenSpec{Count: 3})
		if err != nil {
			t.Fatal(err)
		}
		return made[0].Value + made[1].Value + made[2].Value
	}
	if values(1) != values(1) || values(1) == values(2) {
		t.Error("want the same values for the same seed, and others for another")
	}
}
