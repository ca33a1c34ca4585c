package meta

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/evergrant/evergrant"
)

// maxBodyBytes bounds an answer; Meta's are a few hundred bytes.
const maxBodyBytes = 1 << 20

// An answer is what came back over HTTP, not judged yet.
type answer struct {
	exit   *exit
	status int
	header http.Header
	body   []byte // at most maxBodyBytes+1
	sentAt time.Time
}

// The troubles of an exit.
var (
	errProxyAuth = errors.New("the proxy asks for a user name and password: give them in the exit, as scheme://user:password@host:port")
	errSlowExit  = fmt.Errorf("nothing came in this exit's share of the time: %w", context.DeadlineExceeded)
	errNoAnswer  = fmt.Errorf("no answer in time: %w", context.DeadlineExceeded)
	errNoConn    = fmt.Errorf("no connection in time: %w", context.DeadlineExceeded)
	errNoTurn    = fmt.Errorf("no turn in time, too many calls are waiting for the limits of concurrency and rate: %w", context.DeadlineExceeded)
)

// send makes the call through one exit, or through the next ones as long as that
// is harmless: a read may be repeated after every network failure, a change only
// when the attempt before provably was not sent.
func (c *Client) send(ctx context.Context, r request) (answer, *evergrant.Failure) {
	if err := c.turn(ctx); err != nil {
		return answer{}, c.silence(r, err, nil)
	}
	defer c.pace.release()
	parent := ctx
	ctx, cancel := context.WithTimeout(ctx, c.callTimeout)
	defer cancel()

	sentAt := c.now()
	exits := c.inOrder(sentAt)
	share := c.callTimeout / time.Duration(len(exits))
	var troubles []error
	sent := false
	for i, e := range exits {
		if i == len(exits)-1 {
			share = 0 // the last one has all the time that is left
		}
		a, reached, err := c.attempt(ctx, e, r, share)
		if err == nil {
			e.worked()
			a.sentAt = sentAt
			return a, nil
		}
		sent = sent || reached
		switch {
		case parent.Err() != nil:
			err = parent.Err()
		case ctx.Err() != nil && reached:
			err = errNoAnswer
		case ctx.Err() != nil:
			err = errNoConn
		}
		troubles = append(troubles, causeOf(e, err, r.secrets))
		if parent.Err() == nil {
			e.failed(c.now())
		}
		if ctx.Err() != nil || r.changes && reached {
			break
		}
		if i < len(exits)-1 {
			c.log.WarnContext(ctx, "exit failed, the next one is tried",
				"endpoint", r.endpoint, "exit", e.name, "next", exits[i+1].name, "error", troubles[len(troubles)-1])
		}
	}
	return answer{}, c.silence(r, joined(troubles), &sent)
}

// turn waits for the client's pace.
func (c *Client) turn(parent context.Context) error {
	ctx, cancel := context.WithTimeout(parent, c.callTimeout)
	defer cancel()
	err := c.pace.acquire(ctx)
	if err != nil && parent.Err() == nil {
		return errNoTurn
	}
	return err
}

// silence is the failure of a call that got no answer. sent is nil when it did
// not get its turn.
func (c *Client) silence(r request, err error, sent *bool) *evergrant.Failure {
	return &evergrant.Failure{
		Class: evergrant.Transient, Scope: evergrant.ScopeNetwork,
		Endpoint: r.endpoint, Cause: err, NotSent: sent == nil || !*sent,
	}
}

// joined is errors.Join on one line, and the error itself when there is one.
func joined(errs []error) error {
	err := errs[0]
	for _, next := range errs[1:] {
		err = fmt.Errorf("%w; %w", err, next)
	}
	return err
}

// attempt makes the call through e. With a share above 0, it gives up when e has
// not done its part by then: a connection for a change, the whole answer for a
// read. sent tells whether any byte may have left: it is false only when no
// connection was made, which means to a proxy of HTTPS and SOCKS that the tunnel
// was not made.
func (c *Client) attempt(ctx context.Context, e *exit, r request, share time.Duration) (a answer, sent bool, err error) {
	parent := ctx
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	alarm := func() bool { return true }
	if share > 0 {
		alarm = time.AfterFunc(share, cancel).Stop
		defer alarm()
	}
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) {
		// This comes before the first byte is written, in net/http's HTTP/1 and HTTP/2 alike.
		connected.Store(true)
		if r.changes {
			alarm()
		}
	}})
	a, err = c.roundTrip(ctx, e, r)
	if err != nil && ctx.Err() != nil && parent.Err() == nil {
		err = errSlowExit
	}
	return a, connected.Load(), err
}

// roundTrip sends the request and reads the answer. It uses the transport itself:
// no redirect is followed, no cookie kept, and no error quotes the address.
func (c *Client) roundTrip(ctx context.Context, e *exit, r request) (answer, error) {
	req, err := r.build(ctx, c.agent)
	if err != nil {
		return answer{}, err
	}
	resp, err := e.transport.RoundTrip(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode == http.StatusProxyAuthRequired {
		return answer{}, errProxyAuth
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBodyBytes+1))
	if err != nil {
		return answer{}, fmt.Errorf("read the answer: %w", err)
	}
	return answer{exit: e, status: resp.StatusCode, header: resp.Header, body: body}, nil
}
