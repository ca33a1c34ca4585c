package transfer

import (
	"bytes"
	"strings"
	"unicode"
)

// A column is one of the fields that an import reads.
type column int

const (
	colID column = iota
	colTenant
	colAccountID
	colAppScopedID
	colUsername
	colContact
	colLocale
	colTokenKind
	colIssuedAt
	colExpiresAt
	colAccessToken
	colIsConnect
	colStatus
	columnCount

	colIgnored // known, and of no use to an import
	colUnknown
)

// A place says which column a name stands for; of two names in one row, the one
// with the lower rank wins unless it is empty.
type place struct {
	name   string // canonical
	column column
	rank   int
}

// places holds every name that is understood. It is never written to.
var places = byName(
	place{"id", colID, 0}, place{"tenant", colTenant, 0}, place{"account_id", colAccountID, 0},
	place{"app_scoped_id", colAppScopedID, 0}, place{"username", colUsername, 0}, place{"contact", colContact, 0},
	place{"locale", colLocale, 0}, place{"token_kind", colTokenKind, 0}, place{"issued_at", colIssuedAt, 0},
	place{"expires_at", colExpiresAt, 0}, place{"access_token", colAccessToken, 0}, place{"status", colStatus, 0},

	// The Django original.
	place{"user_id", colTenant, 1}, place{"instagram_user_id", colAccountID, 1}, place{"token_expires_at", colExpiresAt, 1},
	place{"is_connect", colIsConnect, 0}, place{"page_id", colIgnored, 0},

	// The rest of an export and of the channel object.
	place{"expiry_source", colIgnored, 0}, place{"refreshed_at", colIgnored, 0}, place{"created_at", colIgnored, 0},
	place{"updated_at", colIgnored, 0}, place{"provider", colIgnored, 0}, place{"reason", colIgnored, 0},
	place{"next_attempt_at", colIgnored, 0}, place{"hold_until", colIgnored, 0}, place{"attempts", colIgnored, 0},
	place{"last_error", colIgnored, 0}, place{"permissions", colIgnored, 0},
)

func byName(all ...place) map[string]place {
	m := make(map[string]place, len(all))
	for _, p := range all {
		m[p.name] = p
	}
	return m
}

// placeOf finds the column of a name as it stands in a file.
func placeOf(name []byte) place {
	if p, ok := places[string(name)]; ok { // nearly always, and without a copy
		return p
	}
	canon := canonical(name)
	if p, ok := places[canon]; ok {
		return p
	}
	return place{name: canon, column: colUnknown}
}

// canonical is the form in which names are compared.
func canonical(name []byte) string { return strings.ToLower(string(trim(name))) }

// trim cuts space and invisible marks (byte order, text direction) off both ends.
func trim(b []byte) []byte {
	if len(b) == 0 || visible(b[0]) && visible(b[len(b)-1]) {
		return b
	}
	return bytes.TrimFunc(b, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) })
}

// visible reports whether c is a printable ASCII character other than space.
func visible(c byte) bool { return '!' <= c && c <= '~' }

// A row is one record of a file, by column. A value's bytes belong to the reader
// and are good until its next row.
type row struct {
	line   int64
	values [columnCount]value
}

// A value is one cell. The zero value is an absent one.
type value struct {
	text  []byte
	name  string // as the file calls the column
	rank  int
	shape shape
}

// A shape is the JSON type of a value; CSV has text only.
type shape uint8

const (
	shapeText shape = iota
	shapeNumber
	shapeBool
	shapeNested // an object or a list
)

// set puts v, trimmed, in its place, unless it is absent or a value that goes first
// is there already.
func (r *row) set(c column, v value) {
	if c >= columnCount {
		return
	}
	v.text = trim(v.text)
	if v.shape != shapeNested && absent(v.text) {
		return
	}
	if old := r.values[c]; old.name == "" || v.rank < old.rank {
		r.values[c] = v
	}
}

// reset empties the row for another use.
func (r *row) reset(line int64) { *r = row{line: line} }

// absent reports whether a trimmed value stands for no value.
func absent(b []byte) bool {
	switch string(b) {
	case "", "null", "NULL", "None", `\N`:
		return true
	}
	return false
}
