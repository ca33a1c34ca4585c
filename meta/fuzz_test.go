package meta_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/meta"
)

func seeds(f *testing.F) {
	f.Helper()
	for _, body := range []string{
		"", "null", "[]", "{}", html, listedCode, flatCode, longToken, longToken[:20], longToken + longToken,
		`{"data":[` + longToken + `,{}]}`, `{"access_token":"x","error":null}`, `{"access_token":"x","error":{"code":"190"}}`,
		`{"error":{"message":"` + token.Reveal() + `","type":"` + token.Reveal() + `","code":190,"error_subcode":463,"fbtrace_id":"` + token.Reveal() + `"}}`,
		`{"error":{"message":"planted\u0000-access-token-abcdefghijklmnopqrstuvwxyz","error_user_msg":"` + token.Reveal() + `"}}`,
		`{"error_type":"OAuthException","code":400,"error_message":"Matching code was not found or was already used"}`,
		`{"meta":{"code":"400","error_type":7}}`, `{"error":"` + token.Reveal() + `","error_description":"x"}`,
		`{"user_id":17841400000000000,"username":"` + token.Reveal() + `","id":"1"}`,
	} {
		for _, status := range []int{200, 400, 500} {
			f.Add(status, []byte(body))
		}
	}
}

// Whatever comes: no panic, a token or a failure and never both, no token from a
// body with an error in it, and the token that was sent in nothing that prints.
func FuzzToken(f *testing.F) {
	seeds(f)
	client := newClient(f, "http://127.0.0.1:1")
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		got, fail := client.JudgeToken(status, body, token)
		if (fail == nil) == got.Empty() {
			t.Fatalf("got token %v along with failure %v; want exactly one of them", !got.Empty(), fail)
		}
		if fail != nil {
			checkFailure(t, fail)
			return
		}
		var top map[string]json.RawMessage
		if err := json.Unmarshal(body, &top); err != nil {
			t.Fatalf("got a token from what is not JSON: %v", err)
		}
		if raw, ok := top["error"]; ok && string(raw) != "null" {
			t.Fatalf("got a token next to the error %s; want none", raw)
		}
		if status < 200 || status > 299 {
			t.Fatalf("got a token under status %d; want none", status)
		}
		if v := got.Reveal(); strings.TrimSpace(v) != v || len(v) > 4096 {
			t.Fatalf("got an odd token of %d bytes; want none", len(v))
		}
	})
}

func FuzzIdentity(f *testing.F) {
	seeds(f)
	client := newClient(f, "http://127.0.0.1:1")
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		got, fail := client.JudgeIdentity(status, body, token)
		if fail != nil {
			checkFailure(t, fail)
			return
		}
		if s := fmt.Sprintf("%+v", got); leaks(s) != "" || strings.ContainsFunc(s, unicode.IsControl) {
			t.Fatalf("got %q; want one line without the token", s)
		}
		if strings.ContainsAny(got.AccountID+got.AppScopedID, "/.?#% ") {
			t.Fatalf("got ids %q and %q; want plain ones", got.AccountID, got.AppScopedID)
		}
	})
}

func checkFailure(t *testing.T, f *evergrant.Failure) {
	t.Helper()
	for _, s := range []string{f.Error(), f.Message, f.Type, f.TraceID, f.UserTitle, f.UserMessage, fmt.Sprintf("%+v", *f)} {
		if leak := leaks(s); leak != "" {
			t.Fatalf("got %q; want the token not to be in it", s)
		}
		if strings.ContainsFunc(s, unicode.IsControl) || !utf8.ValidString(s) {
			t.Fatalf("got %q; want one printable line", s)
		}
	}
	if len(f.Message) > 300 || len(f.UserMessage) > 300 || len(f.UserTitle) > 300 || len(f.Type) > 64 || len(f.TraceID) > 64 {
		t.Fatalf("got %+v; want it bounded", f)
	}
	if f.Class == "" || f.Scope == "" || f.Endpoint == "" || f.Error() == "" {
		t.Fatalf("got %+v; want class, scope, endpoint and text", f)
	}
}

func FuzzHeaders(f *testing.F) {
	f.Add(`{"call_count":28,"total_time":25}`, `{"1":[{"call_count":100,"estimated_time_to_regain_access":19.5}]}`, "120")
	f.Add(`{"call_count":1e308}`, `{"1":[{"estimated_time_to_regain_access":1e308}],"2":[null]}`, "1e308")
	f.Add(`[]`, `{"1":[[]]}`, "Tue, 01 Sep 2026 10:00:00 GMT")
	f.Fuzz(func(t *testing.T, app, business, retry string) {
		h := http.Header{"X-App-Usage": {app}, "X-Business-Use-Case-Usage": {business}, "Retry-After": {retry}}
		u := meta.UsageIn(h)
		wait := meta.RetryAfter(h, start)
		if u.App < 0 || u.Account < 0 || u.AccountRegain < 0 || u.AccountRegain > 24*time.Hour || wait < 0 || wait > 24*time.Hour {
			t.Fatalf("got %+v and %v; want nothing below 0 and no wait above a day", u, wait)
		}
	})
}
