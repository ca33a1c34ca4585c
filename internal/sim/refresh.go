package sim

import (
	"net/http"
	"time"
)

// refreshLocked gives a long-lived token a new life. It needs no secret.
func (s *Server) refreshLocked(req *request, now time.Time) reply {
	if req.method != http.MethodGet {
		return refused(unsupportedRequest(req.methodName()))
	}
	if req.param("grant_type") != "ig_refresh_token" {
		return refused(graphError(100, typeOAuth, "(#100) grant_type must be ig_refresh_token"))
	}
	t, no := s.holderLocked(req, now)
	switch {
	case no != nil:
		return *no
	case t.account.RefusedAt == Refresh:
		return refused(unsupportedRequest("get"))
	case !t.may(ScopeBasic):
		return refused(missingPermission())
	case t.kind != Long, now.Sub(t.issued) < minRefreshAge:
		return refused(s.oddLocked(t))
	}
	if t.account.style.sameString {
		life := s.lifeLocked(Long, t.value)
		t.issued, t.expires = now, now.Add(life)
		t.refreshes++
		return answerWith(t.value, life)
	}
	return s.replaceLocked(t, now)
}

// replaceLocked refreshes by a new string, and settles the fate of the old one.
func (s *Server) replaceLocked(t *token, now time.Time) reply {
	made := s.addTokenLocked(token{account: t.account, kind: Long, issued: now, permissions: t.permissions, refreshes: t.refreshes + 1})
	life := s.lifeLocked(Long, made.value)
	made.expires = now.Add(life)
	switch t.account.style.old {
	case OldDies:
		t.revoked = Replaced
	case OldFades:
		if t.fades.IsZero() {
			t.fades = now.Add(s.cfg.OldTokenGrace)
		}
	case OldSurvives:
	}
	return answerWith(made.value, life)
}
