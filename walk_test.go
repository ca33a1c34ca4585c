package evergrant_test

import (
	"log/slog"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/evergranttest"
	"github.com/evergrant/evergrant/internal/sim"
	"github.com/evergrant/evergrant/meta"
)

// walkSeed is random, printed, and can be given again in EVERGRANT_TEST_SEED.
func walkSeed(t *testing.T) uint64 {
	t.Helper()
	seed := rand.Uint64()
	if s := os.Getenv("EVERGRANT_TEST_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatalf("EVERGRANT_TEST_SEED: %v", err)
		}
	}
	t.Logf("seed: EVERGRANT_TEST_SEED=%d", seed)
	return seed
}

// A simulated year of the daemon's policy, against a Meta that misbehaves, with an
// outage of the whole app and some owners who really change their passwords. Nobody
// else is ever asked to reconnect, every other token lives at the end, and no token is
// refreshed twice within a day unless the first answer was lost.
func TestWalkThroughAYear(t *testing.T) {
	const channels, hours = 40, 365 * 24
	seed := walkSeed(t)
	dice := rand.New(rand.NewPCG(seed, 1))
	clock := evergranttest.NewClock(start)
	// A new token whose answer was lost is out of reach, and the old one fades. Were that to
	// happen inside an outage that outlasts the fading, no program could save the channel: so
	// here the fading takes longer than the outage.
	server := sim.New(sim.Config{Seed: seed, Now: clock.Now, Chaos: true, OldTokenGrace: 7 * day})
	host := httptest.NewServer(server)
	defer host.Close()
	client, err := meta.New(meta.Config{
		ClientID: sim.DefaultClientID, ClientSecret: evergrant.NewSecret(sim.DefaultClientSecret),
		AuthorizeURL: host.URL + "/oauth/authorize", APIURL: host.URL, GraphURL: host.URL, Rate: -1, Now: clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	store, book := evergranttest.NewStore(), &logBook{}
	keeper, err := evergrant.New(evergrant.Config{Store: store, Provider: client, Now: clock.Now, Log: slog.New(slog.NewTextHandler(book, nil))})
	if err != nil {
		t.Fatal(err)
	}
	var rows []evergrant.Incoming
	for i := range channels {
		kind, age := sim.Long, time.Duration(dice.Int64N(int64(50*day)))
		if i%4 == 0 {
			kind, age = sim.Short, time.Duration(dice.Int64N(int64(50*time.Minute)))
		}
		info, err := server.IssueToken(sim.TokenSpec{Kind: kind, Age: sim.Duration(age)})
		if err != nil {
			t.Fatal(err)
		}
		h := evergrant.Held{Value: evergrant.NewSecret(info.Value)}
		h.AccountID, h.Username = info.Account, info.Username
		if i%8 != 0 { // the others come without a kind and without dates
			h.TokenKind, h.IssuedAt, h.ExpiresAt = evergrant.TokenKind(kind), info.IssuedAt, info.ExpiresAt
		}
		rows = append(rows, evergrant.Incoming{Row: int64(i), Held: h})
	}
	if _, err := keeper.Import(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	killed := map[string]bool{}
	out, outage := false, dice.IntN(hours-200*24)+100*24
	minutes := 0 // short-lived tokens need a closer look than the rest of the year
	for hour := 0; hour < hours; {
		switch {
		case hour == outage && !out:
			out = true
			if _, err := server.AddFault(sim.Fault{Kind: sim.FaultUnsupported, Endpoint: "exchange|refresh|me", Until: clock.Now().Add(5 * day)}); err != nil {
				t.Fatal(err)
			}
		case hour > 10*24 && len(killed) < 4 && dice.IntN(60*24) == 0:
			account := rows[dice.IntN(channels)].Held.AccountID
			if _, err := server.KillTokens(sim.Selector{Account: account}, sim.PasswordChanged); err != nil {
				t.Fatal(err)
			}
			killed[account] = true
		}
		due, err := store.Due(t.Context(), clock.Now(), 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range due {
			res, err := keeper.Tend(t.Context(), c.ID)
			if err == nil && res.Status == evergrant.ReconnectRequired && !killed[c.AccountID] {
				t.Fatalf("hour %d: channel %d was asked to reconnect for nothing: %s\n%s", hour, c.ID, res.Reason, book)
			}
		}
		if minutes++; minutes < 120 {
			clock.Advance(time.Minute)
			continue
		}
		clock.Advance(time.Hour)
		hour++
	}
	for _, r := range rows {
		c, err := store.Find(t.Context(), evergrant.DefaultApp, r.Held.AccountID, "")
		if err != nil {
			t.Fatal(err)
		}
		h, err := store.Held(t.Context(), c.ID)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case killed[c.AccountID]:
			if c.Status != evergrant.ReconnectRequired && server.Accepts(h.Value.Reveal()) {
				t.Errorf("channel %d lost its token, yet it is %s", c.ID, c.Status)
			}
		case !server.Accepts(h.Value.Reveal()):
			t.Errorf("channel %d (%s) ends the year with a token that Meta refuses: %+v", c.ID, c.Status, c.LastError)
		}
	}
	checkRefreshesADayApart(t, server)
}

// Invariant 5, as Meta saw it.
func checkRefreshesADayApart(t *testing.T, server *sim.Server) {
	t.Helper()
	last := map[string]sim.Call{}
	refreshes := 0
	for _, c := range server.Calls(sim.CallFilter{Endpoint: sim.Refresh}) {
		if !c.Effect {
			continue
		}
		refreshes++
		before, ok := last[c.Account]
		last[c.Account] = c
		if ok && before.Outcome == sim.OK && c.Time.Sub(before.Time) < schedMinAge {
			t.Errorf("account %s was refreshed twice within %v", c.Account, c.Time.Sub(before.Time))
		}
	}
	if refreshes == 0 {
		t.Error("no refresh took place")
	}
	t.Logf("%d refreshes took effect", refreshes)
}

const schedMinAge = 24 * time.Hour
