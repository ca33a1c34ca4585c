package sim

import (
	"context"
	"time"
)

// A plan is what chance and the faults have in store for a call.
type plan struct {
	fault   *fault // nil: the call is answered honestly
	latency time.Duration
	draw    uint64 // this call's own 64 random bits
}

// begin decides the fate of a call, before any waiting.
func (s *Server) begin(req *request) plan {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.now()
	acc, tok := s.whoLocked(req)
	i, _ := req.endpoint.index()
	count, name := &s.strangers[i], ""
	if acc != nil {
		count, name = &acc.calls[i], acc.ID
	}
	*count++
	c := candidate{
		endpoint: req.endpoint, account: acc, token: tok, presented: req.token != "",
		serial: number(*count), name: name,
	}
	p := s.chooseLocked(c, now)
	p.draw = mix(s.seed, "call", name, string(req.endpoint), c.serial)
	return p
}

// whoLocked finds the account and the token that a call is about, as far as it
// can be told: a code stands for its account.
func (s *Server) whoLocked(req *request) (*account, *token) {
	if t := s.tokens[req.token]; t != nil {
		return t.account, t
	}
	if req.endpoint == Code {
		if c := s.codes[req.param("code")]; c != nil {
			return c.account, nil
		}
	}
	return nil, nil
}

// wait sleeps for d. It reports whether the client was still there at the end.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// perform carries the call out, or lets it fail as planned, and logs it.
func (s *Server) perform(req *request, p plan, stayed bool) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.now()
	// Known before the effect: a code that is being used up is still a code.
	acc, tok := s.whoLocked(req)

	var rep reply
	if p.fault == nil {
		rep = s.answerLocked(req, now)
	} else {
		rep = s.failLocked(p.fault, req, acc, now)
	}
	s.usageLocked(&rep, acc)
	if !stayed {
		rep.drop = true
	}
	rep.trace = letters("A", 22, mix(p.draw, "trace"))
	if env, ok := rep.body.(errorEnvelope); ok && env.Error.TraceID == "" {
		env.Error.TraceID = rep.trace
	}
	s.log.add(s.callLocked(req, p, rep, acc, tok, now))
	return rep
}

// answerLocked is Meta on a good day.
func (s *Server) answerLocked(req *request, now time.Time) reply {
	if req.err != nil {
		return refused(req.err)
	}
	switch req.endpoint {
	case Authorize:
		return s.authorizeLocked(req, now)
	case Code:
		return s.codeLocked(req, now)
	case Exchange:
		return s.exchangeLocked(req, now)
	case Refresh:
		return s.refreshLocked(req, now)
	case Me:
		return s.meLocked(req, now)
	case Subscribe:
		return s.subscribeLocked(req, now)
	case Messages:
		return s.messagesLocked(req, now)
	}
	return refused(graphError(2500, typeOAuth, "Unknown path components: "+req.path))
}
