package sim_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/evergrant/evergrant/internal/sim"
)

func TestScenarioExample(t *testing.T) {
	f, err := os.Open("testdata/small.json")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	sc, err := sim.LoadScenario(f)
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, sim.Config{Now: func() time.Time { return start.Add(-400 * day) }})
	if err := b.Apply(sc); err != nil {
		t.Fatal(err)
	}
	if got := b.Now(); !got.Equal(start) {
		t.Errorf("clock: got %v; want %v", got, start)
	}
	if n := len(b.Accounts()); n != 10 {
		t.Errorf("got %d accounts; want 5, and 5 for the tokens without one", n)
	}
	all, err := b.Tokens(sim.Selector{})
	if err != nil {
		t.Fatal(err)
	}
	dead := map[sim.Reason]int{}
	for _, tok := range all {
		dead[tok.Dead]++
	}
	if len(all) != 10 || dead[""] != 8 || dead[sim.Expired] != 1 || dead[sim.PasswordChanged] != 1 {
		t.Errorf("got %d tokens, by reason of death %v; want 10: 8 alive, one expired, one by password", len(all), dead)
	}
	if n := len(b.Faults()); n != 2 {
		t.Errorf("got %d faults; want 2", n)
	}
	if app := b.App(); len(app.RedirectURIs) != 1 {
		t.Errorf("got redirect URIs %v; want one", app.RedirectURIs)
	}
}

func TestScenarioErrors(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"empty", "", "empty"},
		{"not JSON", "seed: 1", "invalid character"},
		{"list", "[]", "cannot unmarshal array"},
		{"unknown field", `{"acounts":[]}`, `"acounts"`},
		{"unknown field deep down", `{"tokens":[{"acount":"x"}]}`, `"acount"`},
		{"two objects", `{}{}`, "follows"},
		{"clock without anything", `{"clock":{}}`, "clock"},
		{"clock with both", `{"clock":{"set":"2027-01-01T00:00:00Z","advance":"1h"}}`, "clock"},
		{"time", `{"clock":{"set":"tomorrow"}}`, "tomorrow"},
		{"duration", `{"clock":{"advance":"soon"}}`, "soon"},
		{"app", `{"app":{"client_id":"x"}}`, "client_id"},
		{"account", `{"accounts":[{},{"shape":"round"}]}`, "accounts[1]"},
		{"token", `{"tokens":[{"kind":"x"}]}`, "tokens[0]"},
		{"fault", `{"faults":[{"kind":"x"}]}`, "faults[0]"},
		{"profile", `{"profile":"calm"}`, "calm"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := sim.LoadScenario(strings.NewReader(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v; want an error about %s", err, tt.want)
			}
		})
	}
}

// What only the server's state can tell.
func TestApplyErrors(t *testing.T) {
	for _, tt := range []struct {
		name string
		sc   sim.Scenario
		want string
	}{
		{"clock", sim.Scenario{Clock: &sim.ClockSpec{}}, "clock"},
		{"not checked before", sim.Scenario{Profile: "calm"}, "calm"},
		{"account", sim.Scenario{Accounts: []sim.AccountSpec{{Account: sim.Account{Username: "taken"}}}}, "taken"},
		{"token", sim.Scenario{Tokens: []sim.TokenSpec{{Account: "nobody"}}}, "nobody"},
		{"inbound", sim.Scenario{Inbound: []sim.Inbound{{Account: "nobody"}}}, "inbound[0]"},
		{"fault", sim.Scenario{Faults: []sim.Fault{{Kind: sim.FaultHTML, Account: "nobody"}}}, "nobody"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := sim.New(sim.Config{})
			if _, err := s.CreateAccount(sim.Account{Username: "taken"}); err != nil {
				t.Fatal(err)
			}
			if err := s.Apply(tt.sc); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v; want an error about %s", err, tt.want)
			}
		})
	}
}

func TestApplySeedAndProfile(t *testing.T) {
	value := func(seed uint64, sc sim.Scenario) string {
		s := sim.New(sim.Config{Seed: seed})
		if err := s.Apply(sc); err != nil {
			t.Fatal(err)
		}
		if got, want := len(s.Faults()), len(sim.ChaosFaults())+1; got != want {
			t.Fatalf("got %d faults; want %d", got, want)
		}
		made, err := s.IssueToken(sim.TokenSpec{})
		if err != nil {
			t.Fatal(err)
		}
		return made.Value
	}
	sc := sim.Scenario{Profile: sim.ProfileChaos, Faults: []sim.Fault{{Kind: sim.FaultHTML}}}
	plain := value(9, sc)
	sc.Seed = new(uint64(9))
	if got := value(1, sc); got != plain {
		t.Error("a seed in the scenario: want the same token as with that seed in Config")
	}
}

// Whatever loads can be written down and loads again to the same scenario.
func FuzzLoadScenario(f *testing.F) {
	example, err := os.ReadFile("testdata/small.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example)
	f.Add([]byte(`{"clock":{"advance":"-1d2h"},"profile":"chaos"}`))
	f.Add([]byte(`{"faults":[{"kind":"expires_in","expires_in":{"a":[1,null]}}]}`))
	f.Add([]byte(`{"tokens":[{"count":3,"expires_in":"-1s"}],"seed":18446744073709551615}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		sc, err := sim.LoadScenario(bytes.NewReader(data))
		if err != nil {
			return
		}
		first, err := json.Marshal(sc)
		if err != nil {
			t.Fatalf("does not marshal: %v", err)
		}
		again, err := sim.LoadScenario(bytes.NewReader(first))
		if err != nil {
			t.Fatalf("%s does not load again: %v", first, err)
		}
		second, err := json.Marshal(again)
		if err != nil || !bytes.Equal(first, second) {
			t.Fatalf("got %s, %v; want %s", second, err, first)
		}
	})
}
