package meta

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/evergrant/evergrant"
)

// maxRegain bounds every waiting time that a server asks for.
const maxRegain = 24 * time.Hour

// usageIn reads Meta's usage headers. Whatever is not readable counts as unsaid.
//
//	X-App-Usage: {"call_count":28,"total_time":25,"total_cputime":25}
//	X-Business-Use-Case-Usage: {"17841400000000000":[{"type":"instagram","call_count":100,
//	  "total_cputime":25,"total_time":25,"estimated_time_to_regain_access":19}]}
//
// Figures are percentages; the time to regain is in minutes, at times fractional.
//
// Source, read 2026-09: https://developers.facebook.com/docs/graph-api/overview/rate-limiting
func usageIn(h http.Header) evergrant.Usage {
	var u evergrant.Usage
	if o, err := parseObject([]byte(h.Get("X-App-Usage"))); err == nil {
		u.App = highest(o)
	}
	o, err := parseObject([]byte(h.Get("X-Business-Use-Case-Usage")))
	if err != nil {
		return u
	}
	for id := range o {
		for _, item := range o.items(id) {
			u.Account = max(u.Account, highest(item))
			minutes, _ := item.float("estimated_time_to_regain_access")
			u.AccountRegain = max(u.AccountRegain, duration(minutes, time.Minute, maxRegain))
		}
	}
	return u
}

// highest returns the highest of the three figures of one limit.
func highest(o object) float64 {
	var top float64
	for _, field := range []string{"call_count", "total_time", "total_cputime"} {
		if f, ok := o.float(field); ok {
			top = max(top, f)
		}
	}
	return top
}

// retryAfter reads the Retry-After header, seconds or a date, between 0 and
// maxRegain. Meta does not document it; it is honoured when present.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		return duration(seconds, time.Second, maxRegain)
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), maxRegain)
}
