package transfer

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// Reasons why a whole file is refused. Rows that were handed over before the
// reason was met stay imported; importing the corrected file changes nothing about them.
var (
	// ErrEmpty: there is nothing in the file.
	ErrEmpty = errors.New("the file is empty")
	// ErrNoRows: there is a header, or blank lines, and nothing else.
	ErrNoRows = errors.New("the file has no rows")
	// ErrBinary: it is not a text file.
	ErrBinary = errors.New("the file is not text")
	// ErrEncoding: it is text, in an encoding other than UTF-8.
	ErrEncoding = errors.New("the file is not UTF-8")
	// ErrLineTooLong: a line is longer than Options.MaxLine.
	ErrLineTooLong = errors.New("a line is too long")
	// ErrHeader: the columns cannot be told from the first row.
	ErrHeader = errors.New("the header is not usable")
	// ErrFormat: it is neither CSV nor NDJSON.
	ErrFormat = errors.New("unknown format")
)

// A Problem is something that an import has to say about one row: why it was
// rejected or, with Warning set, what was left aside without harm.
type Problem struct {
	Line    int64  `json:"line"` // where the row begins, counted from 1
	Field   string `json:"field,omitempty"`
	Reason  string `json:"reason"` // never holds a token or a whole row
	Warning bool   `json:"warning,omitempty"`
}

// String gives the problem as one line for people.
func (p Problem) String() string {
	if p.Field == "" {
		return fmt.Sprintf("line %d: %s", p.Line, p.Reason)
	}
	return fmt.Sprintf("line %d: %s: %s", p.Line, p.Field, p.Reason)
}

// A Summary counts rows. After an import without error, Rows is the sum of the others.
type Summary struct {
	Rows      int64 `json:"rows"`
	Created   int64 `json:"created"`
	Updated   int64 `json:"updated"`
	Unchanged int64 `json:"unchanged"`
	Rejected  int64 `json:"rejected"`
	Skipped   int64 `json:"skipped"` // not connected, by their own word
}

// maxShown bounds what a reason repeats of a file.
const maxShown = 40

// show quotes a value for a reason, unless it is long or looks like a token: in a
// file whose columns have slipped, a token may stand anywhere.
func show(value string) string {
	if len(value) > maxShown || looksSecret(value) {
		return fmt.Sprintf("a value of %d bytes", len(value))
	}
	return strconv.QuoteToGraphic(value)
}

// looksSecret reports whether a value is one word of mixed letters and digits that is too
// long to be a name or a number. It errs on the side of silence.
func looksSecret(value string) bool {
	if len(value) < 16 || strings.ContainsFunc(value, unicode.IsSpace) {
		return false
	}
	var upper, lower, digit bool
	for _, r := range value {
		upper = upper || unicode.IsUpper(r)
		lower = lower || unicode.IsLower(r)
		digit = digit || unicode.IsDigit(r)
	}
	return upper && lower && digit
}

// showNames lists column names for a reason, the first twelve of them.
func showNames(names []string) string {
	const most = 12
	var b strings.Builder
	for i, name := range names {
		if i == most {
			fmt.Fprintf(&b, " and %d more", len(names)-most)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(show(name))
	}
	return b.String()
}
