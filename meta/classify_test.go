package meta_test

import (
	"errors"
	"testing"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/meta"
)

const (
	transient = evergrant.Transient
	throttled = evergrant.Throttled
	lost      = evergrant.Lost
	blocked   = evergrant.Blocked
	denied    = evergrant.Denied
	appWide   = evergrant.AppWide

	onChannel = evergrant.ScopeChannel
	onApp     = evergrant.ScopeApp
	onMeta    = evergrant.ScopeMeta
	onNetwork = evergrant.ScopeNetwork
)

const (
	sessionExpired  = "Error validating access token: Session has expired on Tuesday, 01-Dec-25 06:00:00 PST. The current time is Tuesday, 01-Dec-25 07:00:00 PST."
	passwordChanged = "Error validating access token: The session has been invalidated because the user changed their password or Facebook has changed the session for security reasons."
	cannotParse     = "Invalid OAuth access token - Cannot parse access token"
	unsupported     = "Unsupported request - method type: get"
)

func TestClassify(t *testing.T) {
	for _, tt := range []struct {
		name          string
		code, subcode int
		message       string
		class         evergrant.Class
		scope         evergrant.Scope
	}{
		// Codes of every call.
		{"unknown error", 1, 0, "", transient, onMeta},
		{"temporarily down", 2, 0, "", transient, onMeta},
		{"capability missing", 3, 0, "", appWide, onApp},
		{"app request limit", 4, 0, "", throttled, onApp},
		{"looks like spam", 4, 2207051, "", blocked, onChannel},
		{"publishing quota", 9, 2207042, "", throttled, onChannel},
		{"nine without its subcode", 9, 0, "", transient, onChannel},
		{"permission missing", 10, 0, "(#10) Application does not have permission for this action", denied, onChannel},
		{"user request limit", 17, 0, "", throttled, onChannel},
		{"account restricted", 25, 2207050, "", blocked, onChannel},
		{"account restricted, no subcode", 25, 0, "", blocked, onChannel},
		{"media missing", 24, 2207006, "", transient, onChannel},
		{"page request limit", 32, 0, "", throttled, onChannel},
		{"object missing, as a code", 33, 0, "", denied, onChannel},
		{"object missing", 100, 33, "Unsupported get request. Object with ID 'x' does not exist", denied, onChannel},
		{"bad parameter", 100, 0, "Invalid parameter", transient, onChannel},
		{"bad parameter, unknown subcode", 100, 77, "", transient, onChannel},
		{"publishing parameter", 100, 2207023, "", denied, onChannel},
		{"app or account refused", 100, 0, unsupported, appWide, onApp},
		{"app refused, post", 100, 0, "Unsupported request - method type: post", appWide, onApp},
		{"proof missing", 100, 0, "API calls from the server require an appsecret_proof argument", appWide, onApp},
		{"proof wrong", 100, 0, "Invalid appsecret_proof provided in the API argument", appWide, onApp},
		{"dead Threads token", 100, 0, "The requested resource does not exist", transient, onChannel},
		{"session", 102, 0, "", lost, onChannel},
		{"session expired", 102, 463, "", lost, onChannel},
		{"session at a checkpoint", 102, 459, "", blocked, onChannel},
		{"session of somebody unconfirmed", 102, 464, "", blocked, onChannel},
		{"permission, first", 200, 0, "", denied, onChannel},
		{"permission, last", 299, 0, "", denied, onChannel},
		{"beyond permissions", 300, 0, "", transient, onChannel},
		{"consent needed", 230, 0, "", denied, onChannel},
		{"access blocked", 200, 0, "API access blocked.", appWide, onApp},
		{"access deactivated", 200, 0, "API access deactivated. To reactivate, go to the app dashboard.", appWide, onApp},
		{"app limit reached", 341, 0, "", throttled, onApp},
		{"policy block", 368, 0, "", blocked, onChannel},
		{"dead, the other way", 452, 0, "", lost, onChannel},
		{"duplicate post", 506, 0, "", denied, onChannel},
		{"person unavailable", 551, 0, "", denied, onChannel},
		{"person unavailable, subcode", 551, 1545041, "", denied, onChannel},
		{"custom limit", 613, 0, "", throttled, onChannel},
		{"uneven volume", 613, 1996, "", throttled, onChannel},
		{"active token needed", 2500, 0, "An active access token must be used to query information about the current user.", lost, onChannel},
		{"path not known", 2500, 0, "Unknown path components: /x", transient, onChannel},
		{"no matching Instagram user", 9010, 0, "", denied, onChannel},
		{"media not ready", 9007, 2207027, "", transient, onChannel},
		{"server error", -1, 2207001, "", transient, onMeta},
		{"media refused", 36001, 2207005, "", denied, onChannel},
		{"media refused, no subcode", 36001, 0, "", denied, onChannel},
		{"any media subcode", 352, 2207026, "", denied, onChannel},
		{"business limit, lowest", 80000, 0, "", throttled, onChannel},
		{"business limit, pages", 80001, 0, "(#80001) There have been too many calls to this Page account.", throttled, onChannel},
		{"business limit, Instagram", 80002, 0, "", throttled, onChannel},
		{"business limit, lead gen", 80005, 0, "", throttled, onChannel},
		{"business limit, messenger", 80006, 0, "", throttled, onChannel},
		{"business limit, highest", 80009, 0, "", throttled, onChannel},
		{"business limit, 80014", 80014, 0, "", throttled, onChannel},
		{"no business limit", 80010, 0, "", transient, onChannel},
		{"id of the wrong app", 4476002, 0, "", appWide, onApp},

		// Code 190.
		{"malformed", 190, 456, "", lost, onChannel},
		{"origin", 190, 457, "", lost, onChannel},
		{"app removed", 190, 458, "", lost, onChannel},
		{"checkpoint", 190, 459, "", blocked, onChannel},
		{"password changed", 190, 460, passwordChanged, lost, onChannel},
		{"reinstall", 190, 461, "", lost, onChannel},
		{"stale", 190, 462, "", lost, onChannel},
		{"expired", 190, 463, sessionExpired, lost, onChannel},
		{"unconfirmed", 190, 464, "", blocked, onChannel},
		{"465", 190, 465, "", lost, onChannel},
		{"voided", 190, 466, "", lost, onChannel},
		{"logged out", 190, 467, "", lost, onChannel},
		{"unused for long", 190, 468, "", lost, onChannel},
		{"consent is blocking", 190, 483, "", blocked, onChannel},
		{"role on the page", 190, 492, "", lost, onChannel},
		{"unknown subcode", 190, 999, "", lost, onChannel},
		{"bare", 190, 0, "", lost, onChannel},
		{"bare, expired", 190, 0, sessionExpired, lost, onChannel},
		{"bare, password", 190, 0, passwordChanged, lost, onChannel},
		{"cannot parse", 190, 0, cannotParse, appWide, onApp},
		{"malformed session key", 190, 0, "Session key is malformed because of invalid user id", appWide, onApp},
		{"malformed token", 190, 0, "Malformed access token", appWide, onApp},
		{"cannot parse, but expired", 190, 463, cannotParse, lost, onChannel},
		{"administrator role", 190, 0, "The user must be an administrator, editor, or moderator of the page in order to impersonate it.", denied, onChannel},
		{"permission to be granted", 190, 0, "(#190) pages_messaging must be granted before impersonating a user's page.", denied, onChannel},

		// Messages.
		{"outside of the window", 10, 2534022, "", denied, onChannel},
		{"outside of the window, 2018278", 10, 2018278, "", denied, onChannel},
		{"outside of the window, 2018065", 10, 2018065, "", denied, onChannel},
		{"outside of the window, 2018108", 10, 2018108, "", denied, onChannel},
		{"link refused", 10, 2534077, "", denied, onChannel},
		{"restricted from messaging", 10, 1893063, "", blocked, onChannel},
		{"no such person", 100, 2534014, "", denied, onChannel},
		{"page not linked", 100, 2534013, "", denied, onChannel},
		{"bad message", 100, 2534015, "", denied, onChannel},
		{"comment not valid", 100, 2534025, "", denied, onChannel},
		{"business blocked", 100, 2534029, "", blocked, onChannel},
		{"thread of another app", 100, 2534037, "", denied, onChannel},
		{"receiver without role", 200, 0, "Requires business capability", denied, onChannel},
		{"receiver unavailable", 200, 1545041, "", denied, onChannel},
		{"messages switched off", 200, 2534041, "", blocked, onChannel},
		{"message limit", 613, 2534040, "", throttled, onChannel},
		{"message limit, 2018338", 613, 2018338, "", throttled, onChannel},
		{"may have been sent", 1, 1357046, "", transient, onMeta},
		{"message, transient", 2, 1545133, "", transient, onMeta},
		{"thread gone, as a code", 2534001, 0, "", denied, onChannel},
		{"thread gone, as a subcode", 100, 2534001, "", denied, onChannel},

		// The code exchange.
		{"wrong app pair", 400, 0, "Invalid platform app", appWide, onApp},
		{"wrong client id", 400, 0, "Invalid client_id", appWide, onApp},
		{"wrong secret", 1, 0, "Error validating client secret.", appWide, onApp},
		{"code used", 400, 0, "Matching code was not found or was already used", denied, onChannel},
		{"code not found", 400, 0, "No matching code found", denied, onChannel},
		{"no role", 400, 0, "Insufficient developer role", denied, onChannel},

		// What nobody has documented.
		{"no code", 0, 0, "", transient, onChannel},
		{"unknown code", 12345, 0, "The token is dead, revoked and expired", transient, onChannel},
		{"a text without its code", 12345, 0, cannotParse, transient, onChannel},
		{"text of a shape with code 400", 400, 0, "Something new", transient, onChannel},
	} {
		t.Run(tt.name, func(t *testing.T) {
			class, scope, _ := meta.Verdict(400, tt.code, tt.subcode, tt.message, false)
			if class != tt.class || scope != tt.scope {
				t.Errorf("%d/%d %q: got %s of %s; want %s of %s", tt.code, tt.subcode, tt.message, class, scope, tt.class, tt.scope)
			}
			// Whatever the body claims, a 5xx is Meta's trouble.
			if class, scope, _ := meta.Verdict(500, tt.code, tt.subcode, tt.message, false); class != transient || scope != onMeta {
				t.Errorf("under 500: got %s of %s; want transient of meta", class, scope)
			}
			// The advice to wait outranks a verdict on a channel, and nothing else.
			want := tt.class
			if want == lost || want == blocked || want == denied {
				want = transient
			}
			if class, _, _ := meta.Verdict(400, tt.code, tt.subcode, tt.message, true); class != want {
				t.Errorf("with is_transient: got %s; want %s", class, want)
			}
			if class, _, _ := meta.Verdict(429, tt.code, tt.subcode, tt.message, false); class != throttled {
				t.Errorf("under 429: got %s; want throttled", class)
			}
		})
	}
}

func TestClassifyCauses(t *testing.T) {
	for _, tt := range []struct {
		message string
		want    error
	}{
		{"Matching code was not found or was already used", meta.ErrCodeUsed},
		{"No matching code found", meta.ErrCodeUsed},
		{"Insufficient developer role", meta.ErrNoRole},
		{"Invalid platform app", nil},
	} {
		if _, _, got := meta.Verdict(400, 400, 0, tt.message, false); !errors.Is(got, tt.want) {
			t.Errorf("%q: got cause %v; want %v", tt.message, got, tt.want)
		}
	}
}

func TestThrottleInFlatShape(t *testing.T) {
	if class, scope, _ := meta.Verdict(400, 429, 0, "Too many", false); class != throttled || scope != onApp {
		t.Errorf("got %s of %s; want throttled of app", class, scope)
	}
}
