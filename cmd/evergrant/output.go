package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"
)

// An output is the form of a result: "table" (the zero value) or "json".
type output struct{ json bool }

// String is the flag's present value.
func (o *output) String() string {
	if o.json {
		return "json"
	}
	return "table"
}

// Set reads the flag.
func (o *output) Set(value string) error {
	switch value {
	case "table", "json":
		o.json = value == "json"
		return nil
	}
	return errors.New("give table or json")
}

// Type names the flag's values in the help.
func (o *output) Type() string { return "form" }

// printJSON writes v as the result.
func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return wrote(enc.Encode(v))
}

// printf writes a line or part of one to the result. Values that come from outside
// go through plainText first.
func (a *app) printf(format string, args ...any) error {
	_, err := fmt.Fprintf(a.out, format, args...)
	return wrote(err)
}

// wrote names the operation in an error of standard output.
func wrote(err error) error {
	if err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

// terminal reports whether w is one, and its file descriptor.
func terminal(w io.Writer) (fd int, ok bool) {
	f, isFile := w.(*os.File)
	if !isFile {
		return 0, false
	}
	fd = int(f.Fd())
	return fd, term.IsTerminal(fd)
}

// onTerminal reports whether a person reads the result.
func (a *app) onTerminal() bool {
	_, ok := terminal(a.out)
	return ok
}

// colours reports whether the result may hold colours.
func (a *app) colours() bool {
	return a.onTerminal() && a.getenv("NO_COLOR") == "" && a.getenv("TERM") != "dumb"
}

// getenv reads a variable of the environment that run was given. The last one counts.
func (a *app) getenv(name string) string {
	for _, pair := range slices.Backward(a.env) {
		if key, value, ok := strings.Cut(pair, "="); ok && key == name {
			return value
		}
	}
	return ""
}

// plainText drops control characters: a username or a message from outside must not
// steer a terminal or break a line.
func plainText(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\r', r == '\t':
			return ' '
		case r < 0x20, r >= 0x7f && r < 0xa0, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return -1 // also the marks that reorder text
		}
		return r
	}, text)
}
