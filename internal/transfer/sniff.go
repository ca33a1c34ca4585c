package transfer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// sniffBytes is how much of a file is searched for signs that it is not text.
const sniffBytes = 8 << 10

// utf8BOM is the mark with which Excel begins what it calls "CSV UTF-8".
var utf8BOM = []byte("\xef\xbb\xbf")

// magics are the beginnings of files that people hand over by mistake, with the remedy.
var magics = []struct {
	magic  string
	err    error
	remedy string
}{
	{"PK\x03\x04", ErrBinary, "it is a ZIP archive or a workbook (.xlsx); save it as \"CSV UTF-8\""},
	{"\xd0\xcf\x11\xe0", ErrBinary, "it is an old workbook (.xls); save it as \"CSV UTF-8\""},
	{"\x1f\x8b", ErrBinary, "it is compressed; unpack it first with gunzip"},
	{"\x28\xb5\x2f\xfd", ErrBinary, "it is compressed; unpack it first with unzstd"},
	{"SQLite format 3\x00", ErrBinary, "it is an SQLite database; export its table as CSV"},
	{"PGDMP", ErrBinary, "it is a PostgreSQL dump; export the table with \\copy ... csv header"},
	{"\xff\xfe", ErrEncoding, "it is UTF-16; save it as UTF-8, for example with iconv -f UTF-16 -t UTF-8"},
	{"\xfe\xff", ErrEncoding, "it is UTF-16; save it as UTF-8, for example with iconv -f UTF-16 -t UTF-8"},
}

// open refuses what is not text and finds the format by the first byte of the
// first line that is not blank, which it leaves unread.
func open(w *window, format Format) (Format, error) {
	head := w.peek(sniffBytes)
	if len(head) == 0 {
		if w.err != nil && !errors.Is(w.err, io.EOF) {
			return "", fmt.Errorf("read import: %w", w.err)
		}
		return "", ErrEmpty
	}
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.magic)) {
			return "", fmt.Errorf("%w: %s", m.err, m.remedy)
		}
	}
	if i := bytes.IndexByte(head, 0); i >= 0 {
		return "", fmt.Errorf("%w: byte %d is NUL; export the channels as CSV or NDJSON in UTF-8", ErrBinary, i+1)
	}
	if bytes.HasPrefix(head, utf8BOM) {
		w.advance(len(utf8BOM), 0)
	}
	for {
		line, next, err := w.lineAt(0)
		switch {
		case errors.Is(err, io.EOF):
			return "", fmt.Errorf("%w: only blank lines", ErrNoRows)
		case err != nil:
			return "", fmt.Errorf("read import: line %d: %w", w.line, err)
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			w.advance(next, 1)
			continue
		}
		return chooseFormat(line, format)
	}
}

// chooseFormat decides by the first line that is not blank.
func chooseFormat(line []byte, format Format) (Format, error) {
	if format != CSV {
		if line[0] == '[' {
			return "", fmt.Errorf("%w: a JSON array; write one object a line, for example with jq -c '.[]'", ErrFormat)
		}
		if string(line) == "{" {
			return "", fmt.Errorf("%w: a JSON object over several lines; write one object a line, for example with jq -c . FILE", ErrFormat)
		}
	}
	switch {
	case format != "":
		return format, nil
	case line[0] == '{':
		return NDJSON, nil
	}
	return CSV, nil
}
