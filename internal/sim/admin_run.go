package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
)

func (s *Server) adminFaults(*http.Request) (any, error) {
	return map[string]any{"faults": s.Faults()}, nil
}

// adminAddFaults takes one fault, a list of faults, or {"profile":"chaos"}.
func (s *Server) adminAddFaults(r *http.Request) (any, error) {
	raw, err := decodeBody[json.RawMessage](r)
	if err != nil {
		return nil, err
	}
	var named struct {
		Profile string `json:"profile"`
	}
	var list []Fault
	if json.Unmarshal(raw, &named) == nil && named.Profile != "" {
		if err := decodeStrict(bytes.NewReader(raw), &named); err != nil {
			return nil, fmt.Errorf("body: %w", err)
		}
		list, err = profile(named.Profile)
	} else {
		var given oneOrMany[Fault]
		err = decodeStrict(bytes.NewReader(raw), &given)
		list = given
	}
	if err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	if err := s.AddFaults(list...); err != nil {
		return nil, err
	}
	return map[string]any{"faults": s.Faults()}, nil
}

// adminRemoveFaults ends one fault (?id=3), or all.
func (s *Server) adminRemoveFaults(r *http.Request) (any, error) {
	id, err := queryNumber(r, "id")
	if err != nil {
		return nil, err
	}
	if !r.URL.Query().Has("id") {
		s.ClearFaults()
		return done, nil
	}
	if !s.RemoveFault(int(id)) {
		return nil, fmt.Errorf("fault %d does not exist, or has fired as often as it should", id)
	}
	return done, nil
}

func (s *Server) adminClock(*http.Request) (any, error) {
	return map[string]any{"now": s.Now(), "offset": Duration(s.Offset())}, nil
}

func (s *Server) adminMoveClock(r *http.Request) (any, error) {
	spec, err := decodeBody[ClockSpec](r)
	if err != nil {
		return nil, err
	}
	if err := spec.check(); err != nil {
		return nil, err
	}
	s.moveClock(spec)
	return s.adminClock(r)
}

// adminCalls shows the log; endpoint, account, after and limit in the query
// choose. With count=1 it shows the counts of all endpoints instead.
func (s *Server) adminCalls(r *http.Request) (any, error) {
	q := r.URL.Query()
	if c := q.Get("count"); c != "" && c != "0" {
		return map[string]any{"counts": s.AllCounts()}, nil
	}
	f := CallFilter{Endpoint: Endpoint(q.Get("endpoint")), Account: q.Get("account")}
	if _, ok := f.Endpoint.index(); !ok && f.Endpoint != "" {
		return nil, fmt.Errorf("query: endpoint %q is not known: use one of %v", f.Endpoint, endpoints)
	}
	var err error
	if f.After, err = queryNumber(r, "after"); err != nil {
		return nil, err
	}
	limit, err := queryNumber(r, "limit")
	if err != nil {
		return nil, err
	}
	f.Limit = int(limit)
	return map[string]any{"calls": s.Calls(f)}, nil
}

func (s *Server) adminResetCalls(*http.Request) (any, error) {
	s.ResetCalls()
	return done, nil
}

func (s *Server) adminMessages(r *http.Request) (any, error) {
	return map[string]any{"messages": s.Deliveries(r.URL.Query().Get("account"))}, nil
}

func (s *Server) adminInbound(r *http.Request) (any, error) {
	list, err := decodeBody[oneOrMany[Inbound]](r)
	if err != nil {
		return nil, err
	}
	for _, in := range list {
		if err := s.Receive(in); err != nil {
			return nil, err
		}
	}
	return done, nil
}
