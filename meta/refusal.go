package meta

// A refusal is an error that Meta states in a body, as it came.
type refusal struct {
	message, kind          string
	code, subcode          int // 0: none
	transient              bool
	userTitle, userMessage string
	trace                  string
}

// refusalIn finds the error in an answer, in any of the shapes that Meta uses
// under any HTTP status, at the top or in an element of "data". An object with an
// error in it is a refusal even when it also holds what was asked for.
func refusalIn(o object) (refusal, bool) {
	if r, ok := refusalOf(o); ok {
		return r, true
	}
	for _, item := range o.items("data") {
		if r, ok := refusalOf(item); ok {
			return r, true
		}
	}
	return refusal{}, false
}

func refusalOf(o object) (refusal, bool) {
	if o.has("error") {
		if inner := o.object("error"); inner != nil {
			return read(inner), true
		}
		// {"error":"access_denied","error_description":"…"}, as OAuth 2 has it.
		r := read(o)
		if r.kind == "" {
			r.kind, _ = o.text("error")
		}
		return r, true
	}
	if stated(o) {
		return read(o), true
	}
	// The legacy API sends "meta" with code 200 on success.
	if inner := o.object("meta"); inner != nil && (stated(inner) || inner.has("code") && inner.number("code") != 200) {
		return read(inner), true
	}
	return refusal{}, false
}

// stated reports whether o is itself an error.
func stated(o object) bool {
	for _, field := range []string{"error_type", "error_message", "error_code", "error_description"} {
		if o.has(field) {
			return true
		}
	}
	return false
}

// read takes what it can from an error object; a field of a wrong type counts as
// absent. A subcode of 0 is Meta's way of sending none.
func read(o object) refusal {
	r := refusal{
		kind:      first(o, "type", "error_type"),
		message:   first(o, "message", "error_message", "error_description"),
		code:      o.number("code"),
		subcode:   o.number("error_subcode"),
		transient: o.truth("is_transient"),
		trace:     o.words("fbtrace_id"),
	}
	if r.code == 0 {
		r.code = o.number("error_code")
	}
	r.userTitle, _ = o.text("error_user_title")
	r.userMessage, _ = o.text("error_user_msg")
	return r
}

// first returns the first field that holds a string that is not empty.
func first(o object, fields ...string) string {
	for _, field := range fields {
		if s, _ := o.text(field); s != "" {
			return s
		}
	}
	return ""
}
