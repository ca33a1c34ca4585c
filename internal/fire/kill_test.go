package fire_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/evergrant/evergrant/internal/pgtest"
	"github.com/evergrant/evergrant/internal/sim"
)

// kill -9 at any instant loses no token and asks nobody to consent again. Processes are
// killed 50 times in the middle of their work; where the work is done before that, a fresh
// fleet of 300 goes on. The last, undisturbed run waits for the leases of the dead.
func TestKillNine(t *testing.T) {
	for _, database := range []string{"sqlite", "postgres"} {
		t.Run(database, func(t *testing.T) {
			t.Parallel()
			kills, want := 0, 50
			if testing.Short() {
				want = 10
			}
			n := seed(t)
			dice := rand.New(rand.NewPCG(n, 9))
			for round := uint64(0); kills < want; round++ {
				url := ""
				if database == "postgres" {
					url = pgtest.URL(t)
				}
				kills += killRound(t, n+round, dice, url, want-kills)
			}
			t.Logf("%d processes were killed", kills)
		})
	}
}

func killRound(t *testing.T, n uint64, dice *rand.Rand, database string, limit int) (kills int) {
	t.Helper()
	s := newStage(t, sim.Config{Seed: n, Latency: 150 * time.Millisecond}, database, "EVERGRANT_CONCURRENCY=4")
	s.importTokens(s.issue(
		sim.TokenSpec{Kind: sim.Short, Age: sim.Duration(5 * time.Minute), Count: 150},
		sim.TokenSpec{Kind: sim.Long, Age: days(56), Count: 150},
	))
	done := func() int {
		return s.meta.CountsOf(sim.Refresh).Effects + s.meta.CountsOf(sim.Exchange).Effects
	}
	commands := []string{"auto-refresh", "convert"}
	for i := 0; kills < limit && done() < 290; i++ {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
		cmd, _, errOut := s.start(ctx, commands[i%2])
		exited := make(chan error, 1)
		go func() { exited <- cmd.Wait() }()
		select {
		case err := <-exited: // it came to its end first
			if err != nil {
				t.Fatalf("%s: %v\n%s", commands[i%2], err, errOut)
			}
		case <-time.After(time.Duration(50+dice.IntN(400)) * time.Millisecond):
			if cmd.Process.Kill() == nil {
				kills++
			}
			if err := <-exited; err == nil {
				t.Log("one process ended well before it could be killed")
			}
		}
		cancel()
	}
	s.run("auto-refresh") // one more run, undisturbed
	fleet := s.status()
	if len(fleet.Channels) != 300 {
		t.Fatalf("%d channels; want 300", len(fleet.Channels))
	}
	tokens := s.export()
	for _, c := range fleet.Channels {
		if c.Status != "connected" || c.TokenKind != "long" {
			t.Errorf("channel %d is %s with a %s token (%s); want connected and long", c.ID, c.Status, c.TokenKind, c.Reason)
		}
		if !s.meta.Accepts(tokens[c.ID]) {
			t.Errorf("Meta refuses the stored token of channel %d", c.ID)
		}
	}
	return kills
}

// A killed process may leave refreshes that took effect. Where Meta gives the same string
// back, those tokens are too young for another refresh until tomorrow: they are left
// alone, and neither the channels nor the app are blamed.
func TestKilledRefreshesAreNotBlamed(t *testing.T) {
	s := newStage(t, sim.Config{Seed: seed(t), Latency: 300 * time.Millisecond}, "")
	accounts, err := s.meta.CreateAccounts(sim.AccountSpec{Account: sim.Account{Username: "same", RefreshStyle: sim.RefreshSame}, Count: 40})
	if err != nil {
		t.Fatal(err)
	}
	var specs []sim.TokenSpec
	for _, a := range accounts {
		specs = append(specs, sim.TokenSpec{Account: a.ID, Kind: sim.Long, Age: days(56)})
	}
	s.importTokens(s.issue(specs...))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd, _, errOut := s.start(ctx, "auto-refresh")
	for tick := time.NewTicker(5 * time.Millisecond); s.meta.CountsOf(sim.Refresh).OK < 1; {
		select {
		case <-tick.C: // the first calls are answered: the next ones are under way
		case <-ctx.Done():
			t.Fatalf("no refresh was answered\n%s", errOut)
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the process ended well before it could be killed")
	}
	for range 2 {
		if code, out := s.run("auto-refresh"); code != 0 {
			t.Errorf("auto-refresh after the kill: exit %d; want 0\n%s%s", code, out, s.stderr.String())
		}
	}
	for id, token := range s.export() {
		if !s.meta.Accepts(token) {
			t.Errorf("Meta refuses the stored token of channel %d", id)
		}
	}
}
