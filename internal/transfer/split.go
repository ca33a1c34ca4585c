package transfer

import "bytes"

// faultBare is decisive: whatever follows, the line is no beginning of a whole record.
const faultBare = "a quote stands inside a field that does not begin with one"

// split cuts a record into fields, appended to fields. Quoted fields that hold
// doubled quotes are rebuilt in scratch. It follows RFC 4180 strictly: a quote
// inside a bare field, or text after a closing quote, is a fault, because it most
// often means that a quote is missing elsewhere.
func split(text []byte, sep byte, fields [][]byte, scratch []byte) (_ [][]byte, _ []byte, fault string) {
	// Grown here once: fields that are cut from scratch must not lose it to a later growth.
	if cap(scratch) < len(text) && bytes.IndexByte(text, '"') >= 0 {
		scratch = make([]byte, 0, len(text))
	}
	for {
		if len(text) == 0 || text[0] != '"' {
			end := bytes.IndexByte(text, sep)
			field := text
			if end >= 0 {
				field = text[:end]
			}
			if bytes.IndexByte(field, '"') >= 0 {
				return fields, scratch, faultBare
			}
			fields = append(fields, field)
			if end < 0 {
				return fields, scratch, ""
			}
			text = text[end+1:]
			continue
		}
		begin := len(scratch)
		text = text[1:]
		for {
			end := bytes.IndexByte(text, '"')
			if end < 0 {
				return fields, scratch, "a quote is not closed"
			}
			scratch = append(scratch, text[:end]...)
			text = text[end+1:]
			if len(text) == 0 || text[0] != '"' {
				break
			}
			scratch = append(scratch, '"')
			text = text[1:]
		}
		fields = append(fields, scratch[begin:])
		switch {
		case len(text) == 0:
			return fields, scratch, ""
		case text[0] != sep:
			return fields, scratch, "text follows a closing quote"
		}
		text = text[1:]
	}
}
