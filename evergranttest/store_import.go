package evergranttest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/evergrant/evergrant"
)

// Import implements [evergrant.Store]. Unlike in the databases, decide is called
// while the whole store is locked: it must not use the store.
func (s *Store) Import(ctx context.Context, rows []evergrant.Incoming, decide evergrant.ImportDecision) ([]evergrant.ImportOutcome, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	before, floor := s.snapshot(), s.highestID
	outcomes, err := s.importRows(rows, decide)
	if err != nil {
		s.restore(before, floor)
		return nil, fmt.Errorf("import %d rows: %w", len(rows), err)
	}
	return outcomes, nil
}

func (s *Store) importRows(rows []evergrant.Incoming, decide evergrant.ImportDecision) ([]evergrant.ImportOutcome, error) {
	for _, in := range rows {
		if checkID(in.Held.ID) == nil {
			s.highestID = max(s.highestID, in.Held.ID) // ids for rows without one come above
		}
	}
	outcomes := make([]evergrant.ImportOutcome, 0, len(rows))
	for _, in := range rows {
		out, err := s.importRow(in, decide)
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", in.Row, err)
		}
		outcomes = append(outcomes, out)
	}
	return outcomes, nil
}

// Preview implements [evergrant.Store].
func (s *Store) Preview(ctx context.Context, rows []evergrant.Incoming, decide evergrant.ImportDecision) ([]evergrant.ImportOutcome, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.restore(s.snapshot(), s.highestID)
	outcomes, err := s.importRows(rows, decide)
	if err != nil {
		return nil, fmt.Errorf("preview %d rows: %w", len(rows), err)
	}
	for i := range outcomes {
		if outcomes[i].Verdict == evergrant.ImportCreated {
			outcomes[i].Held.ID = rows[i].Held.ID // not given for real
		}
	}
	return outcomes, nil
}

// snapshot is what restore needs to undo an import.
type snapshot struct {
	rows   map[int64]row
	events int
}

func (s *Store) snapshot() snapshot {
	rows := make(map[int64]row, len(s.rows))
	for id, r := range s.rows {
		rows[id] = *r
	}
	return snapshot{rows, len(s.events)}
}

func (s *Store) restore(to snapshot, highestID int64) {
	s.rows = make(map[int64]*row, len(to.rows))
	for id, r := range to.rows {
		s.rows[id] = &r
	}
	s.events, s.highestID = s.events[:to.events], highestID
}

func (s *Store) importRow(in evergrant.Incoming, decide evergrant.ImportDecision) (evergrant.ImportOutcome, error) {
	reject := func(reason string) (evergrant.ImportOutcome, error) {
		return evergrant.ImportOutcome{Row: in.Row, Verdict: evergrant.ImportRejected, Reason: reason, Held: in.Held}, nil
	}
	if err := checkID(in.Held.ID); err != nil {
		return reject(err.Error())
	}
	in.Held = normalHeld(in.Held)
	r := s.match(in.Held)
	if other := s.imported(in.Held); r != nil && other != nil && other != r {
		return reject(fmt.Sprintf("channel %d has this very token", other.held.ID))
	}
	var found *evergrant.Held
	if r != nil {
		h := copyHeld(r.held)
		found = &h
	}
	asked := in
	if found == nil && asked.Held.ID == 0 {
		asked.Held.ID = s.highestID + 1 // the id that it will have: decisions depend on it
	}
	out := decide(found, asked)
	out.Row = in.Row
	h := normalHeld(out.Held)
	switch out.Verdict {
	case evergrant.ImportCreated:
		if s.rows[h.ID] != nil {
			return reject(fmt.Sprintf("channel %d exists", h.ID))
		}
		if other := s.account(h); other != nil {
			return reject(fmt.Sprintf("account %s belongs to channel %d", h.AccountID, other.held.ID))
		}
		out.Held = s.add(h, out.Event)
	case evergrant.ImportUpdated:
		if r == nil {
			return out, errors.New("the decision updates a channel, but none matches")
		}
		if other := s.account(h); other != nil && other != r {
			return reject(fmt.Sprintf("account %s belongs to channel %d", h.AccountID, other.held.ID))
		}
		s.replace(r, h)
		s.addEvent(r.held.ID, out.Event)
		out.Held = copyHeld(r.held)
	}
	return out, nil
}

// match finds an imported row's channel: by id, else by account, else by fingerprint.
func (s *Store) match(in evergrant.Held) *row {
	if r := s.rows[in.ID]; r != nil {
		return r
	}
	if r := s.account(in); r != nil {
		return r
	}
	return s.imported(in)
}

// imported is the channel that an earlier import brought this token to.
func (s *Store) imported(in evergrant.Held) *row {
	fp := in.Imported
	if fp == "" {
		fp = in.Value.Fingerprint()
	}
	for _, id := range slices.Sorted(maps.Keys(s.rows)) {
		if h := s.rows[id].held; fp != "" && h.App == in.App && h.Imported == fp {
			return s.rows[id]
		}
	}
	return nil
}
