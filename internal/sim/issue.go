package sim

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// IssueToken makes one token of any kind and age. A Count in spec is an error.
func (s *Server) IssueToken(spec TokenSpec) (TokenInfo, error) {
	if spec.Count != 0 {
		return TokenInfo{}, fmt.Errorf("token: count %d: use IssueTokens for several", spec.Count)
	}
	made, err := s.IssueTokens(spec)
	if err != nil {
		return TokenInfo{}, err
	}
	return made[0], nil
}

// IssueTokens makes what the specs ask for, in order, and stops at the first
// that it refuses.
func (s *Server) IssueTokens(specs ...TokenSpec) ([]TokenInfo, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.now()
	var made []TokenInfo
	for _, spec := range specs {
		if err := spec.check(); err != nil {
			return made, err
		}
		for range max(1, spec.Count) {
			t, err := s.issueLocked(spec, now)
			if err != nil {
				return made, err
			}
			made = append(made, t.info(now))
		}
	}
	return made, nil
}

func (spec TokenSpec) check() error {
	switch {
	case spec.Kind != "" && spec.Kind != Short && spec.Kind != Long:
		return fmt.Errorf("token: kind %q: use %q or %q", spec.Kind, Short, Long)
	case spec.Age < 0 || spec.AgeSpread < 0:
		return fmt.Errorf("token: age %v, age_spread %v: neither may be negative", spec.Age, spec.AgeSpread)
	case spec.ExpiresIn != nil && !spec.ExpiresAt.IsZero():
		return errors.New("token: expires_in and expires_at exclude each other: give one")
	case spec.Count < 0 || spec.Count > maxBulk:
		return fmt.Errorf("token: count %d is not between 0 and %d", spec.Count, maxBulk)
	case spec.Count > 1 && spec.Value != "":
		return fmt.Errorf("token: count and value exclude each other: values are unique")
	}
	if spec.Revoked != "" {
		if err := spec.Revoked.check(); err != nil {
			return fmt.Errorf("token: revoked: %w", err)
		}
	}
	if err := spec.Subcode.check(); err != nil {
		return fmt.Errorf("token: %w", err)
	}
	return nil
}

func (s *Server) issueLocked(spec TokenSpec, now time.Time) (*token, error) {
	if s.tokens[spec.Value] != nil {
		return nil, fmt.Errorf("token %s exists already: values are unique", Fingerprint(spec.Value))
	}
	var acc *account
	var err error
	if spec.Account == "" {
		acc, err = s.addAccountLocked(Account{})
	} else {
		acc, err = s.accountLocked(spec.Account)
	}
	if err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	t := token{
		value: spec.Value, account: acc, kind: spec.Kind, revoked: spec.Revoked,
		subcode: spec.Subcode, permissions: slices.Clone(spec.Permissions),
	}
	if t.kind == "" {
		t.kind = Long
	}
	if len(t.permissions) == 0 {
		t.permissions = []string{ScopeBasic, ScopeMessages}
	}
	age := time.Duration(spec.Age)
	if spec.AgeSpread > 0 {
		bits := mix(s.seed, "age", acc.ID, number(acc.minted))
		age += time.Duration(chance(bits) * float64(spec.AgeSpread))
	}
	t.issued = now.Add(-age)
	kept := s.addTokenLocked(t)
	switch {
	case spec.ExpiresIn != nil:
		kept.expires = now.Add(time.Duration(*spec.ExpiresIn))
	case !spec.ExpiresAt.IsZero():
		kept.expires = spec.ExpiresAt.UTC()
	default:
		kept.expires = kept.issued.Add(s.lifeLocked(kept.kind, kept.value))
	}
	return kept, nil
}
