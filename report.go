package evergrant

import (
	"encoding/json"
	"time"
)

// An Outcome is what a command did with one channel.
type Outcome string

// The outcomes.
const (
	OutcomePlanned   Outcome = "planned"   // a dry run would have acted
	OutcomeConverted Outcome = "converted" // short-lived became long-lived
	OutcomeRefreshed Outcome = "refreshed" // a long life became longer
	OutcomeSkipped   Outcome = "skipped"   // nothing to do, or not its turn
	OutcomeFailed    Outcome = "failed"    // did not work; the token is kept and tried again
	OutcomeReconnect Outcome = "reconnect" // only a new login of the owner helps
)

// A Command names a run over the fleet.
type Command string

// The commands.
const (
	CommandConvert     Command = "convert"
	CommandAutoRefresh Command = "auto-refresh"
	CommandRefresh     Command = "refresh"
)

// A Result is what a run did with one channel.
type Result struct {
	ID        int64
	Username  string
	TokenKind TokenKind
	Status    Status
	Outcome   Outcome
	Reason    string
	ExpiresAt time.Time
	Error     *LastError

	unanswered bool // nothing came from Meta that could be called an answer
}

// MarshalJSON writes the contract's object; an unknown expiry is null.
func (r Result) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		ID        int64      `json:"id"`
		Username  string     `json:"username"`
		TokenKind TokenKind  `json:"token_kind"`
		Status    Status     `json:"status"`
		Outcome   Outcome    `json:"outcome"`
		Reason    string     `json:"reason"`
		ExpiresAt *time.Time `json:"expires_at"`
		Error     *LastError `json:"error"`
	}{r.ID, r.Username, r.TokenKind, r.Status, r.Outcome, r.Reason, orNull(r.ExpiresAt), r.Error})
}

// A Summary counts the outcomes of a run.
type Summary struct {
	Channels  int `json:"channels"`
	Planned   int `json:"planned"`
	Converted int `json:"converted"`
	Refreshed int `json:"refreshed"`
	Skipped   int `json:"skipped"`
	Failed    int `json:"failed"`
	Reconnect int `json:"reconnect"`
}

func (s *Summary) add(o Outcome) {
	s.Channels++
	switch o {
	case OutcomePlanned:
		s.Planned++
	case OutcomeConverted:
		s.Converted++
	case OutcomeRefreshed:
		s.Refreshed++
	case OutcomeSkipped:
		s.Skipped++
	case OutcomeFailed:
		s.Failed++
	case OutcomeReconnect:
		s.Reconnect++
	}
}

// A Report is what a run did, channel by channel in order of id.
type Report struct {
	Command  Command  `json:"command"`
	DryRun   bool     `json:"dry_run"`
	Summary  Summary  `json:"summary"`
	Channels []Result `json:"channels"`
	Stopped  string   `json:"stopped,omitempty"` // why the run ended early; "": it did not
}

// NeedsAttention reports whether somebody should look: a channel failed, needs its
// owner, or the run ended early. A run that only looked counts owners alone.
func (r Report) NeedsAttention() bool {
	if r.Summary.Reconnect > 0 {
		return true
	}
	if !r.DryRun && (r.Summary.Failed > 0 || r.Stopped != "") {
		return true
	}
	for _, c := range r.Channels {
		if c.Status == Paused {
			return true
		}
	}
	return false
}
