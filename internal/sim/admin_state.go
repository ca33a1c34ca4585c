package sim

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// done is the answer of operations that have nothing to say.
var done = map[string]bool{"ok": true}

func (s *Server) adminAccounts(*http.Request) (any, error) {
	return map[string]any{"accounts": s.Accounts()}, nil
}

func (s *Server) adminCreateAccounts(r *http.Request) (any, error) {
	specs, err := decodeBody[oneOrMany[AccountSpec]](r)
	if err != nil {
		return nil, err
	}
	made, err := s.CreateAccounts(specs...)
	return map[string]any{"accounts": made}, err
}

// adminTokens lists tokens; token, account and kind in the query choose, and
// limit and offset page.
func (s *Server) adminTokens(r *http.Request) (any, error) {
	q := r.URL.Query()
	list, err := s.Tokens(Selector{Token: q.Get("token"), Account: q.Get("account"), Kind: Kind(q.Get("kind"))})
	if err != nil {
		return nil, err
	}
	limit, err := queryNumber(r, "limit")
	if err != nil {
		return nil, err
	}
	offset, err := queryNumber(r, "offset")
	if err != nil {
		return nil, err
	}
	total := len(list)
	list = list[min(offset, uint64(total)):]
	if limit > 0 {
		list = list[:min(limit, uint64(len(list)))]
	}
	return map[string]any{"total": total, "tokens": list}, nil
}

func (s *Server) adminIssueTokens(r *http.Request) (any, error) {
	specs, err := decodeBody[oneOrMany[TokenSpec]](r)
	if err != nil {
		return nil, err
	}
	made, err := s.IssueTokens(specs...)
	return map[string]any{"tokens": made}, err
}

func (s *Server) adminKill(r *http.Request) (any, error) {
	body, err := decodeBody[struct {
		Selector
		Reason Reason `json:"reason"`
	}](r)
	if err != nil {
		return nil, err
	}
	n, err := s.KillTokens(body.Selector, body.Reason)
	return map[string]int{"tokens": n}, err
}

func (s *Server) adminRevive(r *http.Request) (any, error) {
	sel, err := decodeBody[Selector](r)
	if err != nil {
		return nil, err
	}
	n, err := s.ReviveTokens(sel)
	return map[string]int{"tokens": n}, err
}

func (s *Server) adminCode(r *http.Request) (any, error) {
	spec, err := decodeBody[CodeSpec](r)
	if err != nil {
		return nil, err
	}
	value, err := s.IssueCode(spec)
	return map[string]string{"code": value}, err
}

func (s *Server) adminApp(*http.Request) (any, error) { return s.App(), nil }

// adminSetApp changes the fields that the body has and leaves the others.
func (s *Server) adminSetApp(r *http.Request) (any, error) {
	app := s.App()
	if err := decodeStrict(r.Body, &app); err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	if err := s.SetApp(app); err != nil {
		return nil, err
	}
	return s.App(), nil
}

func (s *Server) adminScenario(r *http.Request) (any, error) {
	sc, err := LoadScenario(r.Body)
	if err != nil {
		return nil, err
	}
	return done, s.Apply(sc)
}

// queryNumber reads a number from the query; a missing one is 0.
func queryNumber(r *http.Request, name string) (uint64, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("query: %s=%q is not a number", name, text)
	}
	return n, nil
}
