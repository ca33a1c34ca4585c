package sim_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/evergrant/evergrant/internal/sim"
)

const day = sim.Day

func TestRefreshSameString(t *testing.T) {
	b := newBench(t, sim.Config{})
	a := b.account(sim.Account{RefreshStyle: sim.RefreshSame})
	old := b.token(sim.TokenSpec{Account: a.ID, Age: sim.Days(50)})

	got := wantToken(t, b.refresh(old.Value))
	if got.AccessToken != old.Value {
		t.Errorf("got another string; want the same")
	}
	now, _ := b.Token(old.Value)
	life, _ := got.ExpiresIn.Int64()
	if want := start.Add(time.Duration(life) * time.Second); !now.ExpiresAt.Equal(want) {
		t.Errorf("expires %v; want what the answer said, %v", now.ExpiresAt, want)
	}
	if !now.IssuedAt.Equal(start) || now.Refreshes != 1 {
		t.Errorf("issued %v, refreshes %d; want %v, 1", now.IssuedAt, now.Refreshes, start)
	}
	if again := b.refresh(old.Value); again.status != http.StatusBadRequest {
		t.Errorf("refresh at once again: got status %d; want 400, it is not 24 hours old", again.status)
	}
}

func TestRefreshNewString(t *testing.T) {
	for _, tt := range []struct {
		fate             sim.OldToken
		atOnce, dayLater bool
	}{
		{sim.OldSurvives, true, true},
		{sim.OldFades, true, false},
		{sim.OldDies, false, false},
	} {
		t.Run(string(tt.fate), func(t *testing.T) {
			b := newBench(t, sim.Config{})
			a := b.account(sim.Account{RefreshStyle: sim.RefreshNew, OldToken: tt.fate})
			old := b.token(sim.TokenSpec{Account: a.ID, Age: sim.Days(30)})
			got := wantToken(t, b.refresh(old.Value))
			if got.AccessToken == old.Value {
				t.Fatal("got the same string; want a new one")
			}
			if ok := b.Accepts(old.Value); ok != tt.atOnce {
				t.Errorf("old string at once: accepted %v; want %v", ok, tt.atOnce)
			}
			b.Advance(day)
			if ok := b.Accepts(old.Value); ok != tt.dayLater {
				t.Errorf("old string a day later: accepted %v; want %v", ok, tt.dayLater)
			}
			if a := b.me(old.Value); (a.status == http.StatusOK) != tt.dayLater {
				t.Errorf("/me with the old string: got %d; want 200 only when it lives", a.status)
			}
			wantToken(t, b.refresh(got.AccessToken)) // 24 hours old by now
		})
	}
}

// A lost answer can be repeated with the old string, as long as it has not died.
func TestRefreshTwiceWithTheOldString(t *testing.T) {
	b := newBench(t, sim.Config{})
	a := b.account(sim.Account{RefreshStyle: sim.RefreshNew, OldToken: sim.OldFades})
	old := b.token(sim.TokenSpec{Account: a.ID, Age: sim.Days(30)})
	first, second := wantToken(t, b.refresh(old.Value)), wantToken(t, b.refresh(old.Value))
	if first.AccessToken == second.AccessToken || !b.Accepts(first.AccessToken) || !b.Accepts(second.AccessToken) {
		t.Error("want two different strings that both live")
	}
}

func TestRefreshAge(t *testing.T) {
	for _, tt := range []struct {
		name string
		age  time.Duration
		ok   bool
	}{
		{"new", 0, false},
		{"a second short of 24 hours", day - time.Second, false},
		{"24 hours", day, true},
		{"a second before its end", 60*day - 101*time.Second, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, sim.Config{})
			tok := b.token(sim.TokenSpec{Age: sim.Duration(tt.age)})
			if got := b.refresh(tok.Value); (got.status == http.StatusOK) != tt.ok {
				t.Errorf("got status %d: %s; want ok %v", got.status, got.body, tt.ok)
			}
			if !b.Accepts(tok.Value) {
				t.Error("the refusal killed the token")
			}
		})
	}
}

// The refusal that nobody has recorded never speaks of a dead token.
func TestRefreshTooEarlyIsHarmless(t *testing.T) {
	b := newBench(t, sim.Config{})
	made, err := b.IssueTokens(sim.TokenSpec{Count: 30})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, tok := range made {
		got := b.refresh(tok.Value)
		var e errorBody
		got.json(t, &e)
		if got.status != http.StatusBadRequest || e.Error.Code == 190 || e.Error.Code == 102 {
			t.Fatalf("got %d %s; want a 400 that is not about the session", got.status, got.body)
		}
		seen[e.Error.Message] = true
	}
	if len(seen) != 3 {
		t.Errorf("got %d forms of the refusal; want 3", len(seen))
	}
}

func TestRefreshRefusals(t *testing.T) {
	b := newBench(t, sim.Config{})
	live := b.token(sim.TokenSpec{Age: sim.Days(30)})
	nobody := b.token(sim.TokenSpec{Age: sim.Days(30), Permissions: []string{sim.ScopeMessages}})
	a := b.account(sim.Account{RefusedAt: sim.Refresh})
	ineligible := b.token(sim.TokenSpec{Account: a.ID, Age: sim.Days(30)})
	grant := url.Values{"grant_type": {"ig_refresh_token"}}

	t.Run("post", func(t *testing.T) {
		wantError(t, b.postForm("/refresh_access_token", grant), 400, 100, -1, "IGApiException", "Unsupported request - method type: post")
	})
	t.Run("grant type", func(t *testing.T) {
		wantError(t, b.get("/refresh_access_token", url.Values{"access_token": {live.Value}}), 400, 100, -1, "OAuthException", "grant_type")
	})
	t.Run("no token", func(t *testing.T) {
		wantError(t, b.get("/refresh_access_token", grant), 400, 2500, -1, "OAuthException", "active access token")
	})
	t.Run("unknown token", func(t *testing.T) {
		got := b.refresh("IGAAnonsense")
		wantError(t, got, 400, 190, -1, "OAuthException", "Cannot parse access token")
		if h := got.header.Get("Www-Authenticate"); h == "" {
			t.Error("no WWW-Authenticate header")
		}
	})
	t.Run("short token", func(t *testing.T) {
		short := b.token(sim.TokenSpec{Kind: sim.Short})
		if got := b.refresh(short.Value); got.status != http.StatusBadRequest || !b.Accepts(short.Value) {
			t.Errorf("got status %d, accepted %v; want 400 and a living token", got.status, b.Accepts(short.Value))
		}
	})
	t.Run("no basic permission", func(t *testing.T) {
		wantError(t, b.refresh(nobody.Value), 400, 10, -1, "OAuthException", "permission")
	})
	t.Run("ineligible account", func(t *testing.T) {
		wantError(t, b.refresh(ineligible.Value), 400, 100, -1, "IGApiException", "method type: get")
	})
}
