package meta_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/meta"
)

func TestUsage(t *testing.T) {
	for _, tt := range []struct {
		name, app, business string
		want                evergrant.Usage
	}{
		{"nothing said", "", "", evergrant.Usage{}},
		{"app", `{"call_count":28,"total_time":25,"total_cputime":31.5}`, "", evergrant.Usage{App: 31.5}},
		{
			"business", "", `{"17841400000000000":[{"type":"instagram","call_count":100,"total_cputime":25,"total_time":25,"estimated_time_to_regain_access":19}]}`,
			evergrant.Usage{Account: 100, AccountRegain: 19 * time.Minute},
		},
		{
			"several ids and types", "", `{"1":[{"call_count":10},{"call_count":20,"estimated_time_to_regain_access":0.5}],"2":[{"total_time":15,"estimated_time_to_regain_access":0}]}`,
			evergrant.Usage{Account: 20, AccountRegain: 30 * time.Second},
		},
		{"figures as text", `{"call_count":"99"}`, "", evergrant.Usage{App: 99}},
		{"a week to regain", "", `{"1":[{"call_count":100,"estimated_time_to_regain_access":10080}]}`, evergrant.Usage{Account: 100, AccountRegain: 24 * time.Hour}},
		{"below zero", `{"call_count":-5}`, `{"1":[{"call_count":-1,"estimated_time_to_regain_access":-3}]}`, evergrant.Usage{}},
		{"garbage", `nonsense`, `{"1":{"call_count":100},"2":"x","3":[7],"4":[{"call_count":[1]}]}`, evergrant.Usage{}},
		{"garbage next to a figure", `[]`, `{"1":7,"2":[{"call_count":50}]}`, evergrant.Usage{Account: 50}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := http.Header{}
			h.Set("X-App-Usage", tt.app)
			h.Set("X-Business-Use-Case-Usage", tt.business)
			if got := meta.UsageIn(h); got != tt.want {
				t.Errorf("got %+v; want %+v", got, tt.want)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	for _, tt := range []struct {
		name, value string
		want        time.Duration
	}{
		{"nothing said", "", 0},
		{"seconds", "120", 2 * time.Minute},
		{"fractional", " 1.5 ", 1500 * time.Millisecond},
		{"a week", "604800", 24 * time.Hour},
		{"below zero", "-5", 0},
		{"not a number", "NaN", 0},
		{"infinite", "Inf", 24 * time.Hour},
		{"a date", start.Add(90 * time.Second).Format(http.TimeFormat), 90*time.Second - 123456789},
		{"a date gone by", start.Add(-time.Hour).Format(http.TimeFormat), 0},
		{"a date far away", start.Add(72 * time.Hour).Format(http.TimeFormat), 24 * time.Hour},
		{"garbage", "soon", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := meta.RetryAfter(http.Header{"Retry-After": {tt.value}}, start); got != tt.want {
				t.Errorf("got %v; want %v", got, tt.want)
			}
		})
	}
}

func TestThrottled(t *testing.T) {
	const regain19 = `{"17841400000000000":[{"type":"instagram","call_count":100,"estimated_time_to_regain_access":19}]}`
	const refused = `{"error":{"message":"(#80002) There have been too many calls","type":"OAuthException","code":80002}}`
	for _, tt := range []struct {
		name   string
		status int
		header http.Header
		body   string
		want   time.Duration
		scope  evergrant.Scope
	}{
		{"time to regain", 400, http.Header{"X-Business-Use-Case-Usage": {regain19}}, refused, 19 * time.Minute, onChannel},
		{"retry after", 400, http.Header{"Retry-After": {"45"}}, refused, 45 * time.Second, onChannel},
		{"both: the longer", 400, http.Header{"X-Business-Use-Case-Usage": {regain19}, "Retry-After": {"45"}}, refused, 19 * time.Minute, onChannel},
		{"nothing said", 400, nil, refused, 0, onChannel},
		{"bare 429", 429, http.Header{"Retry-After": {"45"}}, html, 45 * time.Second, onApp},
		{"429 with a code", 429, http.Header{"Retry-After": {"45"}}, refused, 45 * time.Second, onChannel},
		{"429 with the code of a dead token", 429, nil, `{"error":{"code":190,"message":"x"}}`, 0, onApp},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := newClient(t, newRecorder(t, tt.status, tt.header, tt.body).URL).Refresh(t.Context(), token)
			if f := failure(t, err); f.Class != throttled || f.Scope != tt.scope || f.RetryAfter != tt.want {
				t.Errorf("got %s of %s, retry after %v; want throttled of %s, %v", f.Class, f.Scope, f.RetryAfter, tt.scope, tt.want)
			}
		})
	}
}
