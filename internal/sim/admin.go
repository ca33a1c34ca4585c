package sim

import (
	"encoding/json"
	"fmt"
	"net/http"
)

const (
	adminPrefix  = "/_sim/"
	maxAdminBody = 64 << 20 // a bulk request or a large scenario
)

// An adminCall does one operation of the management API. What it returns is
// marshalled with status 200; an error is the caller's mistake.
type adminCall func(r *http.Request) (any, error)

// adminRoutes is the management API: pattern and operation.
func (s *Server) adminRoutes() map[string]adminCall {
	return map[string]adminCall{
		"GET /_sim/accounts":       s.adminAccounts,
		"POST /_sim/accounts":      s.adminCreateAccounts,
		"GET /_sim/tokens":         s.adminTokens,
		"POST /_sim/tokens":        s.adminIssueTokens,
		"POST /_sim/tokens/kill":   s.adminKill,
		"POST /_sim/tokens/revive": s.adminRevive,
		"POST /_sim/codes":         s.adminCode,
		"GET /_sim/faults":         s.adminFaults,
		"POST /_sim/faults":        s.adminAddFaults,
		"DELETE /_sim/faults":      s.adminRemoveFaults,
		"GET /_sim/clock":          s.adminClock,
		"POST /_sim/clock":         s.adminMoveClock,
		"GET /_sim/calls":          s.adminCalls,
		"DELETE /_sim/calls":       s.adminResetCalls,
		"GET /_sim/messages":       s.adminMessages,
		"POST /_sim/inbound":       s.adminInbound,
		"GET /_sim/app":            s.adminApp,
		"POST /_sim/app":           s.adminSetApp,
		"POST /_sim/scenario":      s.adminScenario,
	}
}

func (s *Server) adminHandler() http.Handler {
	mux := http.NewServeMux()
	routes := s.adminRoutes()
	for pattern, call := range routes {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, maxAdminBody)
			answer, err := call(r)
			if err != nil {
				writeAdmin(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
				return
			}
			writeAdmin(w, http.StatusOK, answer)
		})
	}
	mux.HandleFunc("GET /_sim/{$}", func(w http.ResponseWriter, _ *http.Request) {
		writeAdmin(w, http.StatusOK, map[string]any{"routes": sortedKeys(routes)})
	})
	mux.HandleFunc("/_sim/", func(w http.ResponseWriter, r *http.Request) {
		writeAdmin(w, http.StatusNotFound, map[string]string{
			"error": fmt.Sprintf("no route %s %s: GET /_sim/ lists them", r.Method, r.URL.Path),
		})
	})
	// A web page that happens to be open must not move the clock.
	return http.NewCrossOriginProtection().Handler(mux)
}

func writeAdmin(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		panic("sim: management answer does not marshal: " + err.Error()) // the types are ours
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // the client may be gone; nobody is left to tell
}

// decodeBody reads a request's body strictly into a T.
func decodeBody[T any](r *http.Request) (T, error) {
	var v T
	if err := decodeStrict(r.Body, &v); err != nil {
		return v, fmt.Errorf("body: %w", err)
	}
	return v, nil
}
