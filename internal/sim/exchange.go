package sim

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// tokenAnswer is the answer of the exchange and of the refresh.
type tokenAnswer struct {
	AccessToken string          `json:"access_token"`
	TokenType   string          `json:"token_type"`
	ExpiresIn   json.RawMessage `json:"expires_in,omitempty"`
}

func answerWith(value string, life time.Duration) reply {
	return reply{status: http.StatusOK, outcome: OK, effect: true, body: tokenAnswer{
		AccessToken: value,
		TokenType:   "bearer",
		ExpiresIn:   json.RawMessage(strconv.FormatInt(int64(life/time.Second), 10)),
	}}
}

// exchangeLocked trades a short-lived token for a long-lived one. The short one
// stays good until its own expiry: nothing on record says otherwise, and so an
// exchange whose answer was lost can be repeated.
func (s *Server) exchangeLocked(req *request, now time.Time) reply {
	if req.method != http.MethodGet {
		return refused(unsupportedRequest(req.methodName()))
	}
	if req.param("grant_type") != "ig_exchange_token" {
		return refused(graphError(100, typeOAuth, "(#100) grant_type must be ig_exchange_token"))
	}
	t, no := s.holderLocked(req, now)
	if no != nil {
		return *no
	}
	if !s.app.hasSecret(req.param("client_secret")) {
		// An invention: no refusal of a wrong secret at this call is on record.
		return refused(graphError(1, typeOAuth, "Error validating client secret."))
	}
	if t.account.RefusedAt == Exchange {
		return refused(unsupportedRequest("get"))
	}
	if t.kind != Short {
		return refused(s.oddLocked(t))
	}
	made := s.addTokenLocked(token{account: t.account, kind: Long, issued: now, permissions: t.permissions})
	life := s.lifeLocked(Long, made.value)
	made.expires = now.Add(life)
	return answerWith(made.value, life)
}

// oddLocked is the refusal of a live token that was offered too early or to the
// wrong call. It is an invention: clients report no such answer. None of its
// forms says that the token is dead.
func (s *Server) oddLocked(t *token) *apiError {
	switch mix(s.seed, "odd", t.account.ID) % 3 {
	case 0:
		return graphError(100, typeOAuth, "Invalid parameter")
	case 1:
		e := graphError(1, typeOAuth, "An unknown error has occurred.")
		e.Transient = new(false)
		return e
	}
	e := graphError(100, typeIGAPI, "The access token cannot be used for this request yet")
	e.Subcode = new(0)
	return e
}
