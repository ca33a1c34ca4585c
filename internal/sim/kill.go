package sim

import (
	"errors"
	"fmt"
)

// A Selector chooses tokens: those that match every field that is set. The zero
// Selector chooses all.
type Selector struct {
	Token   string `json:"token,omitempty"`
	Account string `json:"account,omitempty"` // id, app-scoped id or username
	Kind    Kind   `json:"kind,omitempty"`
}

// selectLocked returns the chosen tokens, oldest first. A token or an account
// that does not exist is an error; an empty choice is not.
func (s *Server) selectLocked(sel Selector) ([]*token, error) {
	from := s.tokenOrder
	var acc *account
	if sel.Account != "" {
		a, err := s.accountLocked(sel.Account)
		if err != nil {
			return nil, err
		}
		acc, from = a, a.tokens
	}
	if sel.Token != "" {
		t := s.tokens[sel.Token]
		if t == nil {
			return nil, fmt.Errorf("token %s does not exist", Fingerprint(sel.Token))
		}
		from = []*token{t}
	}
	out := make([]*token, 0, len(from))
	for _, t := range from {
		if (acc == nil || t.account == acc) && (sel.Kind == "" || t.kind == sel.Kind) {
			out = append(out, t)
		}
	}
	return out, nil
}

// KillTokens makes the chosen tokens dead for the reason, and returns how many
// were chosen. A later call may give another reason.
func (s *Server) KillTokens(sel Selector, reason Reason) (int, error) {
	if err := reason.check(); err != nil {
		return 0, err
	}
	return s.setRevoked(sel, reason)
}

// ReviveTokens takes back what [Server.KillTokens] did, as when a person has
// passed a checkpoint. It does not revive what has expired or faded.
func (s *Server) ReviveTokens(sel Selector) (int, error) {
	return s.setRevoked(sel, "")
}

func (s *Server) setRevoked(sel Selector, reason Reason) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	chosen, err := s.selectLocked(sel)
	if err != nil {
		return 0, err
	}
	for _, t := range chosen {
		t.revoked = reason
	}
	return len(chosen), nil
}

// KillToken makes one token dead. It is [Server.KillTokens] for the common case.
func (s *Server) KillToken(value string, reason Reason) error {
	if value == "" {
		return errors.New("kill token: the token is empty")
	}
	_, err := s.KillTokens(Selector{Token: value}, reason)
	return err
}

// Token returns what is known about a token's string.
func (s *Server) Token(value string) (TokenInfo, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tokens[value]
	if t == nil {
		return TokenInfo{}, false
	}
	return t.info(s.clock.now()), true
}

// Accepts reports whether Meta would accept the token now.
func (s *Server) Accepts(value string) bool {
	t, ok := s.Token(value)
	return ok && t.Dead == ""
}

// Tokens lists the chosen tokens, oldest first.
func (s *Server) Tokens(sel Selector) ([]TokenInfo, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	chosen, err := s.selectLocked(sel)
	if err != nil {
		return nil, err
	}
	now := s.clock.now()
	out := make([]TokenInfo, len(chosen))
	for i, t := range chosen {
		out[i] = t.info(now)
	}
	return out, nil
}
