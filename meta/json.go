package meta

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// Meta's JSON is read field by field, since one value of a wrong type must not
// make the rest unreadable: a token that was issued should not be lost because
// its expires_in is odd.

// object is a JSON object whose values are not read yet. Unlike a struct, it does
// not confuse "Access_Token" with "access_token".
type object map[string]json.RawMessage

var errNotObject = errors.New("the answer is not a JSON object")

// parseObject reads a body that must be exactly one JSON object.
func parseObject(body []byte) (object, error) {
	var o object
	if err := json.Unmarshal(body, &o); err != nil || o == nil {
		// The decoder's own error could quote the body.
		return nil, errNotObject
	}
	return o, nil
}

// has reports whether the field is there and not null.
func (o object) has(field string) bool {
	raw, ok := o[field]
	return ok && !bytes.Equal(raw, []byte("null"))
}

// object returns the field as an object; nil when it is none.
func (o object) object(field string) object {
	inner, err := parseObject(o[field])
	if err != nil {
		return nil
	}
	return inner
}

// items returns the objects in the list that the field holds; nil when it holds
// no list of objects.
func (o object) items(field string) []object {
	var items []object
	if err := json.Unmarshal(o[field], &items); err != nil {
		return nil
	}
	return items
}

// text returns the field as a string; ok is false when it holds anything else.
func (o object) text(field string) (s string, ok bool) {
	var p *string
	if err := json.Unmarshal(o[field], &p); err != nil || p == nil {
		return "", false
	}
	return *p, true
}

// words returns the field as a string, whether it holds a string or a number; ""
// for everything else.
func (o object) words(field string) string {
	if s, ok := o.text(field); ok {
		return s
	}
	var n json.Number
	if err := json.Unmarshal(o[field], &n); err != nil {
		return ""
	}
	return n.String()
}

// number returns the field as a whole number, from a JSON number or a numeric
// string; 0 for everything else and beyond 32 bits.
func (o object) number(field string) int {
	s := strings.TrimSpace(o.words(field))
	if n, err := strconv.ParseInt(s, 10, 32); err == nil {
		return int(n)
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > math.MaxInt32 {
		return 0
	}
	return int(f)
}

// float returns the field as a finite number, from a JSON number or a numeric string.
func (o object) float(field string) (f float64, ok bool) {
	f, err := strconv.ParseFloat(strings.TrimSpace(o.words(field)), 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, false
	}
	return f, true
}

// truth reports whether the field holds true or "true".
func (o object) truth(field string) bool {
	raw := string(o[field])
	return raw == "true" || raw == `"true"`
}

// maxIDLen bounds ids; Meta's are about 17 digits.
const maxIDLen = 64

// id returns the field as the text of an id, from a string or an integer, digit
// by digit: ids exceed 2^53 and would not survive a float. It is "" for
// everything that cannot be an id.
func (o object) id(field string) string {
	if s := o.words(field); validID(s) {
		return s
	}
	return ""
}

// validID reports whether s can stand in a path without being escaped or cleaned away.
func validID(s string) bool {
	if s == "" || len(s) > maxIDLen {
		return false
	}
	for _, r := range s {
		if (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '_' {
			return false
		}
	}
	return true
}

// list returns the field as a list of words, from an array of strings or from one
// string separated by commas or spaces.
func (o object) list(field string) []string {
	var items []string
	if err := json.Unmarshal(o[field], &items); err != nil {
		s, _ := o.text(field)
		items = []string{s}
	}
	var words []string
	for _, item := range items {
		words = append(words, strings.FieldsFunc(item, func(r rune) bool { return r == ',' || r == ' ' })...)
	}
	return words
}

// duration turns a number of units into a duration to the millisecond, at most
// limit; 0 for what is not above zero.
func duration(units float64, unit, limit time.Duration) time.Duration {
	if !(units > 0) {
		return 0
	}
	d := math.Min(units*float64(unit), float64(limit))
	return time.Duration(d).Truncate(time.Millisecond)
}
