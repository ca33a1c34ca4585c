package transfer

import (
	"bytes"
	"encoding/json"
)

// A scanner walks over the members of one JSON object that is known to be valid, so
// it need not check anything. It gives numbers as they are written, and strings
// mostly without a copy; json.Decoder's tokens cost a dozen allocations a member.
type scanner struct{ text []byte } // what follows the opening brace

// more reports whether another member follows, and moves to it.
func (s *scanner) more() bool {
	s.text = bytes.TrimLeft(s.text, ", \t\r\n")
	return s.text[0] != '}'
}

// member returns the next member. A nested value keeps only its shape.
func (s *scanner) member() (key []byte, v value) {
	key = unquote(s.cut(stringEnd(s.text)))
	s.text = bytes.TrimLeft(s.text, ": \t\r\n")
	switch s.text[0] {
	case '"':
		v.text = unquote(s.cut(stringEnd(s.text)))
	case '{', '[':
		s.cut(nestedEnd(s.text))
		v.shape = shapeNested
	default:
		v.text = s.cut(bytes.IndexAny(s.text, ",} \t\r\n"))
		switch v.text[0] {
		case 't', 'f':
			v.shape = shapeBool
		case 'n': // null stands for no value, as it does in CSV
		default:
			v.shape = shapeNumber
		}
	}
	return key, v
}

// cut takes n bytes off the front.
func (s *scanner) cut(n int) []byte {
	head := s.text[:n]
	s.text = s.text[n:]
	return head
}

// stringEnd returns the length of the string literal that text begins with.
func stringEnd(text []byte) int {
	for i := 1; ; i++ {
		switch text[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
	}
}

// nestedEnd returns the length of the object or list that text begins with.
func nestedEnd(text []byte) int {
	depth := 0
	for i := 0; ; i++ {
		switch text[i] {
		case '"':
			i += stringEnd(text[i:]) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
}

// unquote returns what a valid string literal stands for.
func unquote(literal []byte) []byte {
	inner := literal[1 : len(literal)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	var s string
	_ = json.Unmarshal(literal, &s) // cannot fail: the whole line is valid JSON
	return []byte(s)
}
