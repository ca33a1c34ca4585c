package transfer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// mostUnknown bounds how many names that nobody knows are remembered.
const mostUnknown = 12

// An ndjsonReader reads one JSON object a line. Numbers are kept as they are
// written: Meta's ids are beyond what a float64 holds.
type ndjsonReader struct {
	w       *window
	unknown []string // names met so far, the first few
	at      int64    // line of the first of them
}

// next reads one object into r. It returns a problem when the line is not one
// object, and io.EOF when there are no more.
func (n *ndjsonReader) next(r *row) (*Problem, error) {
	for {
		text, next, err := n.w.lineAt(0)
		if err != nil {
			return nil, err
		}
		r.reset(n.w.line)
		n.w.advance(next, 1)
		text = bytes.TrimSpace(text)
		if len(text) == 0 {
			continue
		}
		if fault := n.object(r, text); fault != "" {
			return &Problem{Line: r.line, Reason: fault}, nil
		}
		return nil, nil
	}
}

func (n *ndjsonReader) object(r *row, text []byte) (fault string) {
	switch {
	case !utf8.Valid(text):
		return "is not valid UTF-8"
	case text[0] != '{':
		return "is not a JSON object"
	case !json.Valid(text):
		return notJSON(text)
	}
	var seen [columnCount]uint8 // bit by rank: the names that this object holds
	for s := (scanner{text: text[1:]}); s.more(); {
		key, v := s.member()
		p := placeOf(key)
		if p.column < columnCount {
			if seen[p.column]&(1<<p.rank) != 0 {
				return fmt.Sprintf("has %s twice", p.name)
			}
			seen[p.column] |= 1 << p.rank
		}
		if p.column == colUnknown {
			n.remember(p.name, r.line)
		}
		v.name, v.rank = p.name, p.rank
		r.set(p.column, v)
	}
	return ""
}

// remember notes an unknown name for the warning at the end.
func (n *ndjsonReader) remember(name string, line int64) {
	if len(n.unknown) >= mostUnknown {
		return
	}
	for _, known := range n.unknown {
		if known == name {
			return
		}
	}
	if n.at == 0 {
		n.at = line
	}
	n.unknown = append(n.unknown, name)
}

// notJSON says where a line stops being JSON. The decoder's own text would repeat
// a part of the line. The space tells a wrong last byte from a missing one.
func notJSON(text []byte) string {
	var syntax *json.SyntaxError
	err := json.Unmarshal(append(bytes.Clone(text), ' '), new(json.RawMessage))
	if errors.As(err, &syntax) && syntax.Offset <= int64(len(text)) {
		return fmt.Sprintf("is not valid JSON near byte %d", syntax.Offset)
	}
	return "is not valid JSON: it ends too early"
}
