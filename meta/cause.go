package meta

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"syscall"

	"github.com/evergrant/evergrant"
)

// A cause is a network error without its inside. The errors of net/http can quote
// what a server or a proxy sent, and url.Error quotes the address with the token
// in it; wrapping them would hand that to whoever unwraps. So the text is cleaned
// once, and only the states that callers ask for are kept.
type cause struct {
	text string
	is   []error
}

// states are what callers may ask a cause for.
var states = []error{
	context.Canceled, context.DeadlineExceeded, os.ErrDeadlineExceeded,
	io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, syscall.ECONNREFUSED, syscall.ECONNRESET,
}

// causeOf turns err into a cause whose text starts with the exit's name.
func causeOf(e *exit, err error, secrets []evergrant.Secret) *cause {
	c := &cause{text: "via " + e.name + ": " + clean(reasonOf(err), slices.Concat(secrets, e.secrets))}
	for _, state := range states {
		if errors.Is(err, state) {
			c.is = append(c.is, state)
		}
	}
	// net/http's own timeouts race with the context's and match nothing; to a caller they are the same.
	var slow net.Error
	if errors.As(err, &slow) && slow.Timeout() {
		c.is = append(c.is, context.DeadlineExceeded)
	}
	return c
}

func (c *cause) Error() string { return c.text }

// Is matches the states that the original error matched.
func (c *cause) Is(target error) bool { return slices.Contains(c.is, target) }
