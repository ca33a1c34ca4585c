package sim

import (
	"time"
)

// An Outcome says how a call ended, seen from Meta's side.
type Outcome string

// The outcomes.
const (
	OK      Outcome = "ok"      // answered as asked
	Refused Outcome = "refused" // answered with an honest error
	Faulty  Outcome = "fault"   // answered with, or spoilt by, a fault
	Dropped Outcome = "dropped" // not answered at all
)

// A Call is one line of the log. It never holds a token or a code.
type Call struct {
	Seq      uint64    `json:"seq"` // from 1, in the order of the effects
	Time     time.Time `json:"time"`
	Endpoint Endpoint  `json:"endpoint"`
	Method   string    `json:"method"`
	Account  string    `json:"account,omitempty"`
	Username string    `json:"username,omitempty"`
	// TokenKind is empty for a token that Meta does not know.
	TokenKind   Kind   `json:"token_kind,omitempty"`
	Fingerprint string `json:"fingerprint,omitempty"`
	// Status is 0 when the connection was dropped.
	Status  int     `json:"status"`
	Code    int     `json:"code,omitempty"`
	Subcode int     `json:"subcode,omitempty"`
	Outcome Outcome `json:"outcome"`
	// Effect says that something changed at Meta, whatever the caller was told.
	Effect bool      `json:"effect"`
	Fault  FaultKind `json:"fault,omitempty"`
}

// Counts are the numbers of calls to one endpoint.
type Counts struct {
	Calls   int `json:"calls"`
	OK      int `json:"ok"`
	Refused int `json:"refused"`
	Faults  int `json:"faults"`
	Dropped int `json:"dropped"`
	Effects int `json:"effects"`
}

const defaultCallLog = 200_000

// A callLog keeps at least the newest keep calls and at most twice as many.
type callLog struct {
	keep   int
	seq    uint64
	calls  []Call
	counts [endpointCount]Counts
}

func newCallLog(keep int) callLog {
	if keep <= 0 {
		keep = defaultCallLog
	}
	return callLog{keep: keep}
}

func (l *callLog) add(c Call) {
	l.seq++
	c.Seq = l.seq
	if len(l.calls) >= 2*l.keep {
		// A copy for every keep calls: constant work for each, and no slice that
		// holds on to what was forgotten.
		l.calls = append(make([]Call, 0, 2*l.keep), l.calls[l.keep:]...)
	}
	l.calls = append(l.calls, c)
	i, _ := c.Endpoint.index()
	n := &l.counts[i]
	n.Calls++
	switch c.Outcome {
	case OK:
		n.OK++
	case Refused:
		n.Refused++
	case Faulty:
		n.Faults++
	case Dropped:
		n.Dropped++
	}
	if c.Effect {
		n.Effects++
	}
}

func (s *Server) callLocked(req *request, p plan, rep reply, acc *account, tok *token, now time.Time) Call {
	c := Call{
		Time: now, Endpoint: req.endpoint, Method: req.method,
		Status: rep.status, Code: rep.code, Subcode: rep.subcode,
		Outcome: rep.outcome, Effect: rep.effect,
	}
	if p.fault != nil {
		c.Fault, c.Outcome = p.fault.Kind, Faulty
	}
	if rep.drop {
		c.Status, c.Code, c.Subcode, c.Outcome = 0, 0, 0, Dropped
	}
	if acc != nil {
		c.Account, c.Username = acc.ID, acc.Username
	}
	if tok != nil {
		c.TokenKind, c.Fingerprint = tok.kind, tok.fingerprint
	} else {
		c.Fingerprint = Fingerprint(req.token)
	}
	return c
}

// A CallFilter chooses calls: those that match every field that is set.
type CallFilter struct {
	Endpoint Endpoint
	Account  string // id, app-scoped id or username
	After    uint64 // only calls with a greater Seq
	Limit    int    // the first so many; 0 means all
}

// Calls returns the chosen calls that the log still holds, oldest first.
func (s *Server) Calls(f CallFilter) []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := f.Account
	if a := s.accounts[f.Account]; a != nil {
		id = a.ID
	}
	out := []Call{}
	for _, c := range s.log.calls {
		if (f.Endpoint == "" || c.Endpoint == f.Endpoint) && (id == "" || c.Account == id) && c.Seq > f.After {
			out = append(out, c)
			if len(out) == f.Limit {
				break
			}
		}
	}
	return out
}

// Count is the number of calls to an endpoint since the last reset, whatever
// came of them.
func (s *Server) Count(e Endpoint) int { return s.CountsOf(e).Calls }

// CountsOf is Count by outcome.
func (s *Server) CountsOf(e Endpoint) Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ok := e.index()
	if !ok {
		return Counts{}
	}
	return s.log.counts[i]
}

// AllCounts is CountsOf for every endpoint that has been called.
func (s *Server) AllCounts() map[Endpoint]Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[Endpoint]Counts)
	for i, n := range s.log.counts {
		if n.Calls > 0 {
			out[endpoints[i]] = n
		}
	}
	return out
}

// ResetCalls empties the log and the counts. Seq goes on counting.
func (s *Server) ResetCalls() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log.calls, s.log.counts = nil, [endpointCount]Counts{}
}
