package fire_test

import (
	"testing"

	"github.com/evergrant/evergrant/internal/sim"
)

// An outage of the whole app marks nobody dead, whatever it looks like.
func TestOutage(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault sim.Fault
	}{
		{"unsupported request", sim.Fault{Kind: sim.FaultUnsupported}},
		{"API access blocked", sim.Fault{Kind: sim.FaultAppBlocked}},
		{"API access deactivated, HTTP 200", sim.Fault{Kind: sim.FaultAppDeactivated}},
		{"5xx", sim.Fault{Kind: sim.FaultServerError}},
		{"HTML", sim.Fault{Kind: sim.FaultHTML}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := seed(t)
			s := newStage(t, sim.Config{Seed: n}, "")
			s.importTokens(s.issue(
				sim.TokenSpec{Kind: sim.Short, Count: 50},
				sim.TokenSpec{Kind: sim.Long, Age: days(56), Count: 100},
				sim.TokenSpec{Kind: sim.Long, Age: days(20), Count: 50},
			))
			faults := []sim.Fault{
				{Kind: sim.FaultDropBefore, Probability: 0.1},
				{Kind: sim.FaultDropAfter, Probability: 0.1},
				tt.fault,
			}
			if err := s.meta.AddFaults(faults...); err != nil {
				t.Fatal(err)
			}
			for _, command := range [][]string{{"convert"}, {"auto-refresh"}, {"refresh"}, {"auto-refresh", "--force-all"}} {
				if code, _ := s.run(command...); code != 3 {
					t.Errorf("%s during the outage: exit %d; want 3", command, code)
				}
			}
			for _, c := range s.status().Channels {
				if c.Status != "connected" {
					t.Errorf("channel %d became %s: %s", c.ID, c.Status, c.Reason)
				}
			}
			s.meta.ClearFaults()
			// A channel whose refresh took effect although its answer was lost is too young for
			// another one until tomorrow; so the run may report failures, but no loss.
			s.run("auto-refresh")
			for _, c := range s.status().Channels {
				if c.Status != "connected" || c.TokenKind != "long" {
					t.Errorf("after the outage, channel %d is %s with a %s token", c.ID, c.Status, c.TokenKind)
				}
			}
			tokens := s.export()
			for id, token := range tokens {
				if !s.meta.Accepts(token) {
					t.Errorf("Meta refuses the stored token of channel %d", id)
				}
			}
		})
	}
}
