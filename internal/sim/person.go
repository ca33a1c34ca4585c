package sim

import (
	"fmt"
	"time"
)

// Windows in which an account may write, counted from the person's last message.
const (
	standardWindow = Day
	humanWindow    = 7 * Day
)

// A person is somebody who wrote to an account.
type person struct {
	lastWrote   time.Time
	unavailable bool
}

// Inbound is a person who writes to an account. It opens the 24-hour window.
type Inbound struct {
	Account string `json:"account"`
	// From is the person's id for this account (IGSID).
	From string `json:"from"`
	// Age is how long ago they wrote.
	Age Duration `json:"age,omitempty"`
	// Unavailable makes every message to them fail with code 551, as when they
	// have blocked the account.
	Unavailable bool `json:"unavailable,omitempty"`
}

// Receive lets a person write to an account. Writing again moves the window; an
// older Age than before does not move it back.
func (s *Server) Receive(in Inbound) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.accountLocked(in.Account)
	if err != nil {
		return fmt.Errorf("inbound: %w", err)
	}
	if !isID(in.From) {
		return fmt.Errorf("inbound: from %q is not a number: an IGSID is", in.From)
	}
	if in.Age < 0 {
		return fmt.Errorf("inbound: age %v is negative", in.Age)
	}
	p := a.people[in.From]
	if p == nil {
		p = &person{}
		a.people[in.From] = p
	}
	if wrote := s.clock.now().Add(-time.Duration(in.Age)); wrote.After(p.lastWrote) {
		p.lastWrote = wrote
	}
	p.unavailable = in.Unavailable
	return nil
}
