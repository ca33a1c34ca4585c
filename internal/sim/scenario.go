package sim

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// A Scenario is a starting position: see "Scenario files" in the package
// documentation.
type Scenario struct {
	Seed     *uint64       `json:"seed,omitempty"`
	Clock    *ClockSpec    `json:"clock,omitempty"`
	App      *App          `json:"app,omitempty"`
	Accounts []AccountSpec `json:"accounts,omitempty"`
	Tokens   []TokenSpec   `json:"tokens,omitempty"`
	Inbound  []Inbound     `json:"inbound,omitempty"`
	Faults   []Fault       `json:"faults,omitempty"`
	Profile  string        `json:"profile,omitempty"`
}

// A ClockSpec moves the simulator's clock: exactly one field is set.
type ClockSpec struct {
	Set     time.Time `json:"set,omitzero"`
	Advance Duration  `json:"advance,omitempty"`
}

func (c ClockSpec) check() error {
	if c.Set.IsZero() == (c.Advance == 0) {
		return errors.New("clock: give either set or advance")
	}
	return nil
}

// LoadScenario reads a scenario. Unknown fields, bad values and anything after
// the object are errors that name the place. It cannot know whether the accounts
// that tokens and faults name exist: [Server.Apply] does.
func LoadScenario(r io.Reader) (Scenario, error) {
	var sc Scenario
	if err := decodeStrict(r, &sc); err != nil {
		return Scenario{}, fmt.Errorf("scenario: %w", err)
	}
	if err := sc.check(); err != nil {
		return Scenario{}, fmt.Errorf("scenario: %w", err)
	}
	if _, err := sc.allFaults(); err != nil {
		return Scenario{}, fmt.Errorf("scenario: %w", err)
	}
	return sc, nil
}

func (sc Scenario) check() error {
	if sc.Clock != nil {
		if err := sc.Clock.check(); err != nil {
			return err
		}
	}
	if sc.App != nil {
		if err := sc.App.check(); err != nil {
			return err
		}
	}
	for i, a := range sc.Accounts {
		if err := a.check(); err != nil {
			return fmt.Errorf("accounts[%d]: %w", i, err)
		}
	}
	for i, t := range sc.Tokens {
		if err := t.check(); err != nil {
			return fmt.Errorf("tokens[%d]: %w", i, err)
		}
	}
	for i := range sc.Faults {
		if _, err := sc.Faults[i].check(); err != nil {
			return fmt.Errorf("faults[%d]: %w", i, err)
		}
	}
	return nil
}

// allFaults are the faults of the scenario and of its profile.
func (sc Scenario) allFaults() ([]Fault, error) {
	if sc.Profile == "" {
		return sc.Faults, nil
	}
	more, err := profile(sc.Profile)
	return slices.Concat(sc.Faults, more), err
}

// Apply adds the scenario to what the server has. It checks first what can be
// checked without the server's state. After an error that comes later (an account
// that does not exist, a name that is taken) the parts before it are in place.
func (s *Server) Apply(sc Scenario) error {
	if err := sc.check(); err != nil {
		return fmt.Errorf("scenario: %w", err)
	}
	faults, err := sc.allFaults()
	if err != nil {
		return fmt.Errorf("scenario: %w", err)
	}
	if sc.Seed != nil {
		s.setSeed(*sc.Seed)
	}
	if sc.Clock != nil {
		s.moveClock(*sc.Clock)
	}
	if sc.App != nil {
		s.replaceApp(*sc.App)
	}
	if _, err := s.CreateAccounts(sc.Accounts...); err != nil {
		return fmt.Errorf("scenario: %w", err)
	}
	if _, err := s.IssueTokens(sc.Tokens...); err != nil {
		return fmt.Errorf("scenario: %w", err)
	}
	for i, in := range sc.Inbound {
		if err := s.Receive(in); err != nil {
			return fmt.Errorf("scenario: inbound[%d]: %w", i, err)
		}
	}
	if err := s.AddFaults(faults...); err != nil {
		return fmt.Errorf("scenario: %w", err)
	}
	return nil
}

func (s *Server) moveClock(c ClockSpec) {
	if !c.Set.IsZero() {
		s.SetTime(c.Set)
	}
	s.Advance(time.Duration(c.Advance))
}

// setSeed changes the seed of all later draws. What earlier ones decided stays.
func (s *Server) setSeed(seed uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seed = seed
}
