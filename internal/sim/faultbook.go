package sim

import (
	"fmt"
	"slices"
	"time"
)

// fault is a Fault in force.
type fault struct {
	Fault
	account *account // nil: all
	set     endpointSet
	fired   int
	tag     string // its part of the draws
}

// FaultState is a Fault and how often it has fired.
type FaultState struct {
	Fault
	Fired int `json:"fired"`
}

// A faultBook finds the faults of a call without looking at those of other
// accounts.
type faultBook struct {
	lastID int
	common []*fault
	own    map[*account][]*fault
	order  []*fault
}

func newFaultBook() faultBook { return faultBook{own: make(map[*account][]*fault)} }

// A candidate is a call that faults are matched against.
type candidate struct {
	endpoint     Endpoint
	account      *account
	token        *token // nil: none, or one that Meta does not know
	presented    bool   // some token came with the call
	serial, name string // the account's call number and id, for the draws
}

// AddFault puts a fault in force and returns its id.
func (s *Server) AddFault(f Fault) (id int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.addFaultsLocked([]Fault{f}); err != nil {
		return 0, err
	}
	return s.faults.lastID, nil
}

// AddFaults puts all of them in force, or none when one is bad.
func (s *Server) AddFaults(list ...Fault) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addFaultsLocked(list)
}

func (s *Server) addFaultsLocked(list []Fault) error {
	ready := make([]*fault, 0, len(list))
	for _, f := range list {
		set, err := f.check()
		if err != nil {
			return err
		}
		one := &fault{Fault: f, set: set}
		if f.Account != "" {
			if one.account, err = s.accountLocked(f.Account); err != nil {
				return fmt.Errorf("fault %s: %w", f.Kind, err)
			}
		}
		ready = append(ready, one)
	}
	b := &s.faults
	for _, f := range ready {
		b.lastID++
		f.ID, f.tag = b.lastID, number(uint64(b.lastID))
		b.order = append(b.order, f)
		if f.account == nil {
			b.common = append(b.common, f)
		} else {
			b.own[f.account] = append(b.own[f.account], f)
		}
	}
	return nil
}

// Faults lists the faults in force, in the order of their ids. One that has
// fired Times times is no longer in force.
func (s *Server) Faults() []FaultState {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []FaultState{}
	for _, f := range s.faults.order {
		out = append(out, FaultState{f.Fault, f.fired})
	}
	return out
}

// RemoveFault ends a fault. It reports whether there was one.
func (s *Server) RemoveFault(id int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults.order {
		if f.ID == id {
			s.faults.remove(f)
			return true
		}
	}
	return false
}

// ClearFaults ends all faults, chaos included.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.faults.lastID
	s.faults = newFaultBook()
	s.faults.lastID = last
}

// remove makes new slices, because chooseLocked may be ranging over the old ones.
func (b *faultBook) remove(gone *fault) {
	without := func(list []*fault) []*fault {
		return slices.DeleteFunc(slices.Clone(list), func(f *fault) bool { return f == gone })
	}
	b.order, b.common = without(b.order), without(b.common)
	if rest := without(b.own[gone.account]); gone.account != nil && len(rest) > 0 {
		b.own[gone.account] = rest
	} else {
		delete(b.own, gone.account)
	}
}

// chooseLocked decides which fault hits the call, and counts it.
func (s *Server) chooseLocked(c candidate, now time.Time) plan {
	var p plan
	for _, list := range [...][]*fault{s.faults.own[c.account], s.faults.common} {
		for _, f := range list {
			if !f.matches(c, now) || !s.fires(f, c) {
				continue
			}
			if f.fired++; f.fired == f.Times {
				s.faults.remove(f)
			}
			p.latency += time.Duration(f.Latency)
			if f.Kind != FaultLatency {
				p.fault = f
				return p
			}
		}
	}
	return p
}

func (f *fault) matches(c candidate, now time.Time) bool {
	switch {
	case !f.set.has(c.endpoint),
		f.TokenKind != "" && (c.token == nil || c.token.kind != f.TokenKind),
		!f.From.IsZero() && now.Before(f.From),
		!f.Until.IsZero() && !now.Before(f.Until):
		return false
	case f.Kind == FaultUnsupported:
		// During the outages on record dead tokens still got their own refusal,
		// so Meta looks at the token first.
		return !c.presented || c.token != nil && c.token.deadAt(now) == ""
	}
	return true
}

func (s *Server) fires(f *fault, c candidate) bool {
	if f.Probability == 0 || f.Probability == 1 {
		return true
	}
	return chance(mix(s.seed, "fault", f.tag, c.name, string(c.endpoint), c.serial)) < f.Probability
}
