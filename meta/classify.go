package meta

import (
	"errors"
	"math"
	"net/http"
	"strings"

	"github.com/evergrant/evergrant"
)

// States of the world behind refusals of [Client.ExchangeCode], for [errors.Is].
var (
	// ErrCodeUsed: the login code is unknown, too old or was used before. The owner
	// must log in again; when the answer to an earlier attempt was lost, that attempt
	// may have succeeded.
	ErrCodeUsed = errors.New("the login code is unknown or was already used")
	// ErrNoRole: the app has Standard Access and the account has no role on it. The
	// operator must add the account as a tester, or get Advanced Access.
	ErrNoRole = errors.New("the account has no role on the app")
)

// A verdict is what a failure means.
type verdict struct {
	class evergrant.Class
	scope evergrant.Scope
	cause error // nil, or a state of the world that callers can ask for
}

var (
	metaTrouble   = verdict{class: evergrant.Transient, scope: evergrant.ScopeMeta}
	oddity        = verdict{class: evergrant.Transient, scope: evergrant.ScopeChannel}
	appPause      = verdict{class: evergrant.Throttled, scope: evergrant.ScopeApp}
	channelPause  = verdict{class: evergrant.Throttled, scope: evergrant.ScopeChannel}
	tokenRefused  = verdict{class: evergrant.Lost, scope: evergrant.ScopeChannel}
	ownerMustAct  = verdict{class: evergrant.Blocked, scope: evergrant.ScopeChannel}
	notAllowed    = verdict{class: evergrant.Denied, scope: evergrant.ScopeChannel}
	appRefused    = verdict{class: evergrant.AppWide, scope: evergrant.ScopeApp}
	codeUsed      = verdict{class: evergrant.Denied, scope: evergrant.ScopeChannel, cause: ErrCodeUsed}
	noRole        = verdict{class: evergrant.Denied, scope: evergrant.ScopeChannel, cause: ErrNoRole}
	anything      = span{math.MinInt, math.MaxInt}
	withoutNumber = span{0, 0}
)

// A span is an inclusive range of codes or subcodes.
type span struct{ from, to int }

func only(n int) span         { return span{n, n} }
func (s span) has(n int) bool { return s.from <= n && n <= s.to }
func from(low, high int) span { return span{low, high} }

// A rule gives the verdict for the refusals that it fits.
type rule struct {
	code, subcode span
	text          string // lower case, part of the message; "": any
	verdict       verdict
}

// rules is the whole reading of Meta's error codes. The first rule that fits
// decides: subcodes before texts before bare codes. What fits none is an oddity,
// which changes no channel. Text decides only where it is all that there is.
//
// Some rows are judgement, where the sources are silent or disagree:
//
//   - Denied also stands for requests that Meta refuses for what they contain (no
//     such person, outside the window): no retry, and nothing is wrong with the token.
//   - A bare 100 is an oddity: on token calls it may be the account, the app or
//     the age of the token, so it must not decide anything.
//   - 190 with a text about an administrator's role or a permission to be granted
//     is Denied, since the token itself works; 190/492 says that only a new login
//     helps, so it is Lost. "Malformed" is read as "cannot parse": a token cut off
//     or opened with a wrong key is our trouble until somebody proves otherwise.
//   - 452 and 2500 are known from dead tokens. Lost is safe for them, because the
//     engine believes it only after a second answer. But 2500 also stands for a path
//     that Meta does not know, so there the text has to speak of the token.
//
// Sources, read 2026-09:
// https://developers.facebook.com/docs/graph-api/guides/error-handling
// https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/error-codes
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/error-codes
var rules = []rule{
	// Texts without a code of their own: the code exchange says 400 for all of them.
	{anything, anything, "matching code was not found", codeUsed},
	{anything, anything, "no matching code found", codeUsed},
	{anything, anything, "insufficient developer role", noRole},
	{anything, anything, "invalid platform app", appRefused},
	{anything, anything, "invalid client", appRefused},
	{anything, anything, "validating client secret", appRefused},

	// The app as a whole.
	{only(100), anything, "unsupported request", appRefused},
	{only(100), anything, "appsecret_proof", appRefused},
	{only(200), anything, "api access blocked", appRefused},
	{only(200), anything, "api access deactivated", appRefused},
	{only(3), anything, "", appRefused},
	{only(4476002), anything, "", appRefused},

	// The token's value.
	{only(190), only(459), "", ownerMustAct},
	{only(190), only(464), "", ownerMustAct},
	{only(190), only(483), "", ownerMustAct},
	{only(190), withoutNumber, "cannot parse access token", appRefused},
	{only(190), withoutNumber, "malformed", appRefused},
	{only(190), withoutNumber, "must be an administrator", notAllowed},
	{only(190), withoutNumber, "must be granted", notAllowed},
	{only(190), anything, "", tokenRefused},
	{only(102), only(459), "", ownerMustAct},
	{only(102), only(464), "", ownerMustAct},
	{only(102), anything, "", tokenRefused},
	{only(452), anything, "", tokenRefused},
	{only(2500), anything, "access token", tokenRefused},

	// Subcodes that overrule their code.
	{only(4), only(2207051), "", ownerMustAct}, // looks like spam
	{only(10), only(1893063), "", ownerMustAct},
	{only(100), only(2534029), "", ownerMustAct},
	{only(200), only(2534041), "", ownerMustAct},
	{only(9), only(2207042), "", channelPause}, // the day's publishing quota
	{only(24), only(2207006), "", oddity},      // media missing, or the token: /me knows
	{only(9007), only(2207027), "", oddity},    // media not ready yet
	{only(100), only(33), "", notAllowed},
	{only(100), from(2534013, 2534015), "", notAllowed},
	{only(100), only(2534025), "", notAllowed},
	{only(100), only(2534037), "", notAllowed},
	{anything, only(2534001), "", notAllowed}, // thread archived or deleted

	// Pauses.
	{only(4), anything, "", appPause},
	{only(341), anything, "", appPause},
	{only(17), anything, "", channelPause},
	{only(32), anything, "", channelPause},
	{only(613), anything, "", channelPause},
	{from(80000, 80009), anything, "", channelPause},
	{only(80014), anything, "", channelPause},

	// The owner.
	{only(25), anything, "", ownerMustAct},
	{only(368), anything, "", ownerMustAct},

	// Meta's own trouble.
	{only(-1), anything, "", metaTrouble},
	{only(1), anything, "", metaTrouble}, // with 1357046 a message may have been sent nevertheless
	{only(2), anything, "", metaTrouble},

	// Permissions, and requests refused for what they contain.
	{anything, from(2207000, 2207999), "", notAllowed}, // media and parameters of publishing
	{only(10), anything, "", notAllowed},
	{only(33), anything, "", notAllowed},
	{from(200, 299), anything, "", notAllowed},
	{only(506), anything, "", notAllowed},
	{only(551), anything, "", notAllowed},
	{only(9010), anything, "", notAllowed},
	{only(36001), anything, "", notAllowed},
	{only(2534001), anything, "", notAllowed},
}

// classify says what a refusal under an HTTP status means.
//
// The status overrules the body in two cases: a 5xx is Meta's trouble whatever
// the body claims, and a 429 is a pause. is_transient is advice, and it is taken
// where the alternative is a verdict on a channel: waiting costs less than asking
// an owner in vain.
func classify(status int, r refusal) verdict {
	if status >= http.StatusInternalServerError {
		return metaTrouble
	}
	v := oddity
	text := strings.ToLower(r.message)
	for _, rule := range rules {
		if rule.code.has(r.code) && rule.subcode.has(r.subcode) && strings.Contains(text, rule.text) {
			v = rule.verdict
			break
		}
	}
	switch {
	case v.class == evergrant.Throttled:
		return v
	case status == http.StatusTooManyRequests || r.code == http.StatusTooManyRequests:
		return appPause
	case r.transient && (v.class == evergrant.Lost || v.class == evergrant.Blocked || v.class == evergrant.Denied):
		return metaTrouble
	}
	return v
}
