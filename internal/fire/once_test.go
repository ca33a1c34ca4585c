package fire_test

import (
	"context"
	"testing"
	"time"

	"github.com/evergrant/evergrant/internal/pgtest"
	"github.com/evergrant/evergrant/internal/sim"
)

// Four processes over one fleet: Meta sees each due token refreshed exactly once.
func TestFourProcessesRefreshEachTokenOnce(t *testing.T) {
	for _, database := range []string{"sqlite", "postgres"} {
		t.Run(database, func(t *testing.T) {
			url := ""
			if database == "postgres" {
				url = pgtest.URL(t)
			}
			s := newStage(t, sim.Config{Seed: seed(t), Latency: 5 * time.Millisecond}, url)
			s.importTokens(s.issue(sim.TokenSpec{Kind: sim.Long, Age: days(56), Count: 500}))
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
			defer cancel()
			var waits []func()
			for range 4 {
				cmd, _, errOut := s.start(ctx, "auto-refresh", "-o", "json")
				waits = append(waits, func() {
					if err := cmd.Wait(); err != nil {
						t.Errorf("auto-refresh: %v\n%s", err, errOut)
					}
				})
			}
			for _, wait := range waits {
				wait()
			}
			if n := s.meta.Count(sim.Refresh); n != 500 {
				t.Errorf("Meta saw %d refreshes; want exactly 500", n)
			}
			for _, c := range s.status().Channels {
				if c.Status != "connected" {
					t.Errorf("channel %d is %s", c.ID, c.Status)
				}
			}
		})
	}
}
