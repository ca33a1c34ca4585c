package transfer

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// The years that a token's life can lie in. Instagram began in 2010.
const (
	firstYear = 2010
	lastYear  = 2100
)

// time returns the instant of a column, zero when it is absent.
func (b *builder) time(c column) time.Time {
	s := b.raw(c)
	if s == "" {
		return time.Time{}
	}
	t, err := parseTime(s)
	if err != nil {
		b.fail(c, err.Error())
		return time.Time{}
	}
	return t
}

// unix matches seconds or milliseconds since 1970, as Python prints them too.
var unix = regexp.MustCompile(`^[0-9]{1,14}(\.[0-9]{1,9})?$`)

// parseTime reads one of the forms of the package doc. Its errors are reasons.
func parseTime(s string) (time.Time, error) {
	var t time.Time
	var err error
	switch {
	case len(s) > 4 && s[4] == '-':
		t, err = parseDate(s)
	case unix.MatchString(s):
		t = parseUnix(s)
	case isDamaged(s):
		return time.Time{}, fmt.Errorf("%s is a rounded number: a spreadsheet has damaged the time; export it again as text", show(s))
	default:
		err = errNotTime
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("%s is not a time like 2027-01-22T10:00:00Z, 2027-01-22 10:00:00+00 or Unix seconds", show(s))
	}
	t = t.UTC().Truncate(time.Millisecond)
	if y := t.Year(); y < firstYear || y > lastYear {
		return time.Time{}, fmt.Errorf("%s lies in the year %d, outside %d to %d; times are Gregorian", show(s), y, firstYear, lastYear)
	}
	return t, nil
}

// errNotTime never leaves the package: parseTime says it with the value.
var errNotTime = errors.New("not a time")

// parseDate picks the layout by the zone's form, which Python, PostgreSQL, MySQL and
// RFC 3339 each write in their own way.
func parseDate(s string) (time.Time, error) {
	const date, clock = "2006-01-02", "2006-01-02 15:04:05"
	if len(s) > len(date) && (s[len(date)] == 'T' || s[len(date)] == 't') {
		s = s[:len(date)] + " " + s[len(date)+1:]
	}
	switch len(s) {
	case len(date):
		return time.Parse(date, s)
	case len("2006-01-02 15:04"):
		return time.Parse("2006-01-02 15:04", s)
	}
	if len(s) < len(clock) {
		return time.Time{}, errNotTime
	}
	zone := strings.TrimSpace(strings.TrimLeft(s[len(clock):], ".,0123456789"))
	s = strings.TrimSpace(s[:len(s)-len(zone)])
	if zone == "z" || zone == "UTC" {
		zone = "Z"
	}
	// The package time accepts a fraction after the seconds of any layout.
	switch len(zone) {
	case 0:
		return time.Parse(clock, s)
	case len("Z"), len("+00:00"):
		return time.Parse(clock+"Z07:00", s+zone)
	case len("+00"):
		return time.Parse(clock+"Z07", s+zone)
	case len("+0000"):
		return time.Parse(clock+"Z0700", s+zone)
	}
	return time.Time{}, errNotTime
}

// parseUnix reads seconds or, above 1e11 (the year 5138 in seconds), milliseconds.
// It works on the digits: a float64 would move the last ones. The pattern unix has
// checked that they are digits, and few enough.
func parseUnix(s string) time.Time {
	whole, fraction, _ := strings.Cut(s, ".")
	n, _ := strconv.ParseInt(whole, 10, 64)
	if n > 1e11 {
		return time.UnixMilli(n)
	}
	nanos, _ := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
	return time.Unix(n, nanos)
}
