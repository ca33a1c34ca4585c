package sim

import (
	"cmp"
	"fmt"
	"net/http"
	"time"
)

var (
	errorPage = []byte(`<!DOCTYPE html><html lang="en"><head><title>Error</title></head><body><h1>Sorry, something went wrong.</h1>` +
		`<p>We're working on it and we'll get it fixed as soon as we can.</p></body></html>`)
	loginPage = []byte(`<!DOCTYPE html><html lang="en"><head><title>Instagram</title></head><body><p>Please wait a few minutes before you try again.</p></body></html>`)
)

// failLocked answers a call that a fault has hit, after the effect or without it.
func (s *Server) failLocked(f *fault, req *request, acc *account, now time.Time) reply {
	if reason, ok := f.Kind.lethal(); ok {
		// What the person did stays done, and the token's own refusal follows.
		if acc != nil {
			for _, t := range acc.tokens {
				if t.revoked == "" {
					t.revoked = reason
				}
			}
		}
		return s.answerLocked(req, now)
	}
	var honest reply
	if f.after() {
		honest = s.answerLocked(req, now)
	}
	rep := s.faultReplyLocked(f, req, acc, honest, now)
	rep.effect = honest.effect
	return rep
}

// lethal is the reason that a fault of this kind kills tokens for.
func (k FaultKind) lethal() (Reason, bool) {
	switch k {
	case FaultPasswordChanged:
		return PasswordChanged, true
	case FaultAppRemoved:
		return AppRemoved, true
	case FaultLoggedOut:
		return LoggedOut, true
	}
	return "", false
}

func (s *Server) faultReplyLocked(f *fault, req *request, acc *account, honest reply, now time.Time) reply {
	switch f.Kind {
	case FaultServerError:
		e := graphError(2, typeOAuth, "An unexpected error has occurred. Please retry your request later.")
		e.Transient = new(true)
		e.status = http.StatusInternalServerError
		return f.refuse(e)
	case FaultHTMLError:
		return reply{status: cmp.Or(f.Status, http.StatusServiceUnavailable), html: errorPage}
	case FaultHTML:
		return reply{status: cmp.Or(f.Status, http.StatusOK), html: loginPage}
	case FaultEmpty:
		return reply{status: cmp.Or(f.Status, http.StatusOK), empty: true}
	case FaultTruncated:
		honest.cutText = true
		return honest
	case FaultCut:
		honest.cutShort = true
		return honest
	case FaultDropBefore, FaultDropAfter:
		return reply{drop: true}
	case FaultThrottle:
		return s.throttleLocked(f, acc)
	case FaultAppBlocked:
		return f.refuse(graphError(200, typeOAuth, "API access blocked."))
	case FaultAppDeactivated:
		e := graphError(200, typeOAuth, "API access deactivated. To reactivate, go to the app dashboard.")
		e.status = http.StatusOK
		return f.refuse(e)
	case FaultUnsupported:
		return f.refuse(unsupportedRequest(req.methodName()))
	case FaultCheckpoint:
		return f.refuse(deathError(Checkpoint, "", s.app.ClientID, now, now))
	case FaultUnconfirmed:
		return f.refuse(deathError(Unconfirmed, "", s.app.ClientID, now, now))
	case FaultNoToken:
		return reply{status: http.StatusOK, raw: []byte(`{"token_type":"bearer","expires_in":5183944}`)}
	case FaultEmptyToken:
		return reply{status: http.StatusOK, raw: []byte(`{"access_token":"","token_type":"bearer","expires_in":5183944}`)}
	case FaultExpiresIn:
		if answer, ok := honest.body.(tokenAnswer); ok {
			answer.ExpiresIn = f.ExpiresIn
			honest.body = answer
		}
		return honest
	case FaultBody:
		return reply{status: cmp.Or(f.Status, http.StatusOK), raw: []byte(f.Body)}
	default: // FaultError
		e := graphError(f.Code, cmp.Or(f.Type, typeOAuth), cmp.Or(f.Message, "An error occurred"))
		e.Subcode = f.Subcode
		return f.refuse(e)
	}
}

// refuse is e with the status of the fault, when it has one.
func (f *fault) refuse(e *apiError) reply {
	if f.Status != 0 {
		e.status = f.Status
	}
	return refused(e)
}

var throttleTexts = map[int]string{
	4:     "(#4) Application request limit reached",
	17:    "(#17) User request limit reached",
	32:    "(#32) Page request limit reached",
	613:   "(#613) Calls to this api have exceeded the rate limit.",
	80002: "(#80002) There have been too many calls to this Instagram account. Wait a bit and try again.",
}

// throttleLocked says "slow down" in the body and in the usage headers: that of
// the app for code 4, that of the account for the others.
func (s *Server) throttleLocked(f *fault, acc *account) reply {
	number := cmp.Or(f.Code, 80002)
	text, ok := throttleTexts[number]
	if !ok {
		text = fmt.Sprintf("(#%d) There have been too many calls.", number)
	}
	e := graphError(number, typeOAuth, cmp.Or(f.Message, text))
	e.Subcode = f.Subcode
	rep := f.refuse(e)
	full := Usage{CallCount: 100, TotalTime: 25, TotalCPUTime: 25, RegainMinutes: f.RegainMinutes}
	if number == 4 {
		rep.appUsage = full.appHeader()
	}
	if acc != nil && (number != 4 || f.RegainMinutes > 0) {
		rep.businessUsage = full.businessHeader(acc.ID)
	}
	return rep
}
