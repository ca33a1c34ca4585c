package sim_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/evergrant/evergrant/internal/sim"
)

// Under chaos every account gets refreshed by asking again, and no token dies.
func TestChaosIsHarmless(t *testing.T) {
	const seed, accounts = 11, 150
	t.Logf("seed %d", seed)
	b := newBench(t, sim.Config{Seed: seed, Chaos: true})
	made, err := b.IssueTokens(sim.TokenSpec{Count: accounts, Age: sim.Days(30)})
	if err != nil {
		t.Fatal(err)
	}
	for _, tok := range made {
		path := "/refresh_access_token?" + url.Values{"grant_type": {"ig_refresh_token"}, "access_token": {tok.Value}}.Encode()
		for try := 0; ; try++ {
			if try == 20 {
				t.Fatalf("account %s: still no answer after 20 calls", tok.Account)
			}
			got, err := b.try(http.MethodGet, path, nil)
			// A lost answer of a refresh in place leaves a token that is too young: done as well.
			if now, _ := b.Token(tok.Value); now.Refreshes > 0 || err == nil && got.status == http.StatusOK && strings.Contains(got.body, `"expires_in":5`) {
				break
			}
		}
		if !b.Accepts(tok.Value) {
			t.Fatalf("account %s: chaos killed its token", tok.Account)
		}
	}
	kinds := map[sim.FaultKind]bool{}
	for _, c := range b.Calls(sim.CallFilter{}) {
		kinds[c.Fault] = true
	}
	if n := b.CountsOf(sim.Refresh); n.Faults+n.Dropped < accounts/30 || len(kinds) < 5 {
		t.Errorf("got %+v, faults %v; want some of several kinds", n, kinds)
	}
}

func TestChaosLeavesTheUnrepeatableAlone(t *testing.T) {
	b := newBench(t, sim.Config{Chaos: true})
	a := b.account(sim.Account{})
	if err := b.Receive(sim.Inbound{Account: a.ID, From: friend}); err != nil {
		t.Fatal(err)
	}
	tok := b.token(sim.TokenSpec{Account: a.ID}).Value
	for range 150 {
		if got := b.send("me", tok, hello); got.status != http.StatusOK {
			t.Fatalf("messages: got %d; want 200", got.status)
		}
		if got := b.postForm("/oauth/access_token", codeForm(b.code(a.ID))); got.status != http.StatusOK {
			t.Fatalf("code: got %d; want 200", got.status)
		}
	}
}

// The same seed gives each account the same fate, in whatever order the calls come.
func TestSeedDecides(t *testing.T) {
	run := func(seed uint64, workers int) []string {
		b := newBench(t, sim.Config{Seed: seed, Chaos: true})
		made, err := b.CreateAccounts(sim.AccountSpec{Count: 40})
		if err != nil {
			t.Fatal(err)
		}
		jobs := make(chan string)
		var wg sync.WaitGroup
		for range workers {
			wg.Go(func() {
				for tok := range jobs {
					for range 5 {
						// Broken connections and all: the log says what happened.
						_, _ = b.try(http.MethodPost, "/me/subscribed_apps?subscribed_fields=messages&access_token="+tok, nil)
					}
				}
			})
		}
		for _, a := range made {
			jobs <- b.token(sim.TokenSpec{Account: a.ID}).Value
		}
		close(jobs)
		wg.Wait()
		var fates []string
		for _, a := range made {
			for _, c := range b.Calls(sim.CallFilter{Account: a.ID}) {
				fates = append(fates, fmt.Sprint(c.Account, c.Fingerprint, c.Fault, c.Status))
			}
		}
		return fates
	}
	first := run(5, 1)
	if again := run(5, 8); !slices.Equal(first, again) {
		t.Error("seed 5: eight workers saw other fates than one")
	}
	if other := run(6, 1); slices.Equal(first, other) {
		t.Error("seed 6 gave the fates of seed 5")
	}
}
