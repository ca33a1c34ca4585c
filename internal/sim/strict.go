package sim

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// decodeStrict reads exactly one JSON value into v. A field that v does not have
// is an error that names it, and so is anything after the value.
func decodeStrict(r io.Reader, v any) error {
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		if errors.Is(err, io.EOF) {
			return errors.New("empty: one JSON value is needed")
		}
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON value: one value is needed")
	}
	return nil
}

// oneOrMany is a list that may also be written as a single object.
type oneOrMany[T any] []T

func (l *oneOrMany[T]) UnmarshalJSON(data []byte) error {
	if data = bytes.TrimSpace(data); len(data) > 0 && data[0] == '[' {
		return decodeStrict(bytes.NewReader(data), (*[]T)(l))
	}
	var one T
	if err := decodeStrict(bytes.NewReader(data), &one); err != nil {
		return err
	}
	*l = oneOrMany[T]{one}
	return nil
}
