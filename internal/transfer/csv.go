package transfer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// A csvReader reads records with a header, and survives broken ones.
//
// encoding/csv is not used, because after a broken quote it goes on wherever it
// happens to stand: a quote that opens in row 5 and never closes takes the rest of
// the file along. Here a record that spans lines is believed only when it is whole:
// its quotes are right, it has as many fields as the header, and no line break lies
// in a column that we read, since no value of ours holds one. Otherwise its first
// line is one bad row, and reading goes on at the second.
//
// That looks at few lines twice. A record goes on to the next line exactly while the
// number of quotes so far is odd, so it ends at the next line with an odd number;
// the lines between have an even number and never span lines themselves.
type csvReader struct {
	w       *window
	sep     byte
	places  []place
	names   []string
	fields  [][]byte
	scratch []byte // unescaped quoted fields of the current record
}

// newCSVReader reads the header, which is the next line that is not blank.
func newCSVReader(w *window) (*csvReader, []string, error) {
	text, next, err := w.lineAt(0)
	if err != nil {
		return nil, nil, fmt.Errorf("read import: line %d: %w", w.line, err)
	}
	c := &csvReader{w: w}
	if err := c.header(text); err != nil {
		return nil, nil, fmt.Errorf("line %d: %w", w.line, err)
	}
	w.advance(next, 1)
	var unknown []string
	for i, p := range c.places {
		if p.column == colUnknown {
			unknown = append(unknown, c.names[i])
		}
	}
	return c, unknown, nil
}

// header takes the separator that makes the most of the first line.
func (c *csvReader) header(text []byte) error {
	if !utf8.Valid(text) {
		return fmt.Errorf("%w: save it as \"CSV UTF-8\"", ErrEncoding)
	}
	if bytes.IndexByte(text, '\r') >= 0 {
		return fmt.Errorf("%w: its lines end with a bare CR; save it with LF or CRLF", ErrHeader)
	}
	best := -1
	for _, sep := range []byte{',', ';', '\t'} {
		fields, _, fault := split(text, sep, nil, nil)
		if fault != "" {
			continue
		}
		known := 0
		names, places := make([]string, len(fields)), make([]place, len(fields))
		for i, f := range fields {
			places[i] = placeOf(f)
			names[i] = places[i].name
			if places[i].column != colUnknown {
				known++
			}
		}
		if known > best {
			best, c.sep, c.names, c.places = known, sep, names, places
		}
	}
	switch {
	case best < 0:
		return fmt.Errorf("%w: its quotes are broken; it must stand on one line", ErrHeader)
	case best == 0:
		// Perhaps the first row is data, with a token in it: name nothing.
		return fmt.Errorf("%w: no known column among %d; begin with a row of names, access_token at least", ErrHeader, len(c.names))
	}
	return c.checkNames()
}

// checkNames refuses a header with a name twice, or without tokens.
func (c *csvReader) checkNames() error {
	seen := make(map[string]bool, len(c.names))
	token := false
	for i, name := range c.names {
		if name != "" && seen[name] {
			return fmt.Errorf("%w: column %s appears twice; found %s", ErrHeader, show(name), showNames(c.names))
		}
		seen[name] = true
		token = token || c.places[i].column == colAccessToken
	}
	if !token {
		return fmt.Errorf("%w: no column access_token; found %s", ErrHeader, showNames(c.names))
	}
	return nil
}

// next reads one record into r. It returns a problem when the row is broken, and
// io.EOF when there are no more.
func (c *csvReader) next(r *row) (*Problem, error) {
	for {
		text, next, err := c.w.lineAt(0)
		if err != nil {
			return nil, err
		}
		r.reset(c.w.line)
		if len(bytes.TrimSpace(text)) == 0 {
			c.w.advance(next, 1)
			continue
		}
		var fault string
		if bytes.Count(text, quote)%2 == 0 {
			fault = c.record(r, text)
			c.w.advance(next, 1)
		} else if fault, err = c.longRecord(r, next); err != nil {
			return nil, err
		}
		switch {
		case fault == faultBlank:
			continue
		case fault != "":
			return &Problem{Line: r.line, Reason: fault}, nil
		}
		return nil, nil
	}
}

// faultBlank marks the rows of bare separators that spreadsheets leave at the end.
const faultBlank = "blank"

var quote = []byte{'"'}

// record takes the fields of one whole record and says what is wrong with it.
func (c *csvReader) record(r *row, text []byte) (fault string) {
	c.fields, c.scratch, fault = split(text, c.sep, c.fields[:0], c.scratch[:0])
	if fault != "" {
		return fault
	}
	if len(c.fields) != len(c.places) {
		if len(bytes.Trim(text, " \t,;")) == 0 {
			return faultBlank
		}
		return fmt.Sprintf("has %d fields; the header has %d", len(c.fields), len(c.places))
	}
	if !utf8.Valid(text) {
		return "is not valid UTF-8"
	}
	blank := true
	for i, f := range c.fields {
		f = trim(f)
		blank = blank && len(f) == 0
		p := c.places[i]
		r.set(p.column, value{text: unguard(f), name: p.name, rank: p.rank})
	}
	if blank {
		return faultBlank
	}
	return ""
}

// What is said of the line on which a quote opens that leads nowhere.
const (
	faultOpen  = "a quote is not closed"
	faultBreak = "holds a line break inside quotes, or a quote that is not closed"
)

// longRecord reads a record whose first line, which ends at next, leaves a quote
// open. When no record comes of it, it advances over that line alone.
func (c *csvReader) longRecord(r *row, next int) (fault string, err error) {
	first := next
	text, _, err := c.w.lineAt(0)
	if err != nil {
		return "", err
	}
	// A quote inside a bare field is no beginning of a longer record.
	if _, _, fault = split(text, c.sep, c.fields[:0], c.scratch[:0]); fault != faultBare {
		fault = faultOpen
	}
	for lines := int64(2); ; lines++ {
		text, end, err := c.w.lineAt(next)
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		if err != nil || end > c.w.max {
			break
		}
		next = end
		if bytes.Count(text, quote)%2 == 0 {
			continue
		}
		if c.record(r, trimLineEnd(c.w.bytes(next))) == "" {
			name := r.broken()
			if name == "" {
				c.w.advance(next, lines)
				return "", nil
			}
			fault = name + " " + faultBreak
		}
		break
	}
	r.reset(c.w.line)
	c.w.advance(first, 1)
	return fault, nil
}

// broken names a column that is read and has a line break in it.
func (r *row) broken() string {
	for _, v := range r.values {
		if bytes.IndexByte(v.text, '\n') >= 0 {
			return v.name
		}
	}
	return ""
}

func trimLineEnd(b []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(b, []byte{'\n'}), []byte{'\r'})
}
