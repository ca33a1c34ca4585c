package meta

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/evergrant/evergrant"
)

// A Call is a call to Meta that has ended, for metrics. It holds no secret.
type Call struct {
	Endpoint string          // "code", "exchange", "refresh", "me" or "subscribe"
	Exit     string          // the exit that brought the answer; empty: no answer
	Status   int             // HTTP status; 0: no answer
	Code     int             // Meta's code; 0: none
	Class    evergrant.Class // empty: success
	Duration time.Duration   // by the client's clock, with the wait for its turn
}

// A result is what an answer gave.
type result struct {
	sentAt time.Time
	usage  evergrant.Usage
}

// call makes one call, lets accept read a good answer, and turns everything else
// into an *evergrant.Failure.
func (c *Client) call(ctx context.Context, r request, accept func(object) error) (result, error) {
	began := c.now()
	a, f := c.send(ctx, r)
	var res result
	if f == nil {
		res = result{sentAt: a.sentAt, usage: usageIn(a.header)}
		f = c.judge(r, a, accept)
	}
	c.report(ctx, r, a, f, c.now().Sub(began))
	if f != nil {
		return result{}, f
	}
	return res, nil
}

func (c *Client) report(ctx context.Context, r request, a answer, f *evergrant.Failure, took time.Duration) {
	done := Call{Endpoint: r.endpoint, Status: a.status, Duration: took}
	if a.exit != nil {
		done.Exit = a.exit.name
	}
	if f != nil {
		done.Code, done.Class = f.Code, f.Class
	}
	if c.observe != nil {
		c.observe(done)
	}
	c.log.LogAttrs(ctx, slog.LevelDebug, "called Meta",
		slog.String("endpoint", done.Endpoint), slog.String("exit", done.Exit), slog.Int("status", done.Status),
		slog.Int("code", done.Code), slog.String("class", string(done.Class)), slog.Duration("took", took))
}

// judge decides over an answer: the body first, the status second. It returns nil
// only when accept has found what was asked for.
func (c *Client) judge(r request, a answer, accept func(object) error) *evergrant.Failure {
	if len(a.body) > maxBodyBytes {
		return c.unreadable(r, a, "the answer is larger than 1 MiB")
	}
	o, err := parseObject(a.body)
	if err == nil {
		if said, ok := refusalIn(o); ok {
			return c.refused(r, a, said)
		}
	}
	switch {
	case a.status >= 300 && a.status < 400:
		return c.unreadable(r, a, "redirected, which is not followed: check the URLs in the settings")
	case a.status < 200 || a.status >= 300:
		return c.unreadable(r, a, "an error without a readable body")
	case len(strings.TrimSpace(string(a.body))) == 0:
		return c.unreadable(r, a, "the answer is empty")
	case err != nil:
		return c.unreadable(r, a, err.Error())
	}
	if err := accept(o); err != nil {
		return c.unreadable(r, a, err.Error())
	}
	return nil
}

// refused is the failure that Meta stated.
func (c *Client) refused(r request, a answer, said refusal) *evergrant.Failure {
	v := classify(a.status, said)
	f := c.failure(r, a, v)
	f.Code, f.Subcode = said.code, said.subcode
	f.Type = label(said.kind, r.secrets)
	f.TraceID = label(said.trace, r.secrets)
	f.UserTitle = clean(said.userTitle, r.secrets)
	f.UserMessage = clean(said.userMessage, r.secrets)
	f.Message = clean(said.message, r.secrets)
	if f.Message == "" {
		f.Message = "Meta gave no reason"
	}
	return f
}

// unreadable is the failure of an answer that says neither yes nor no. It decides
// nothing over a channel, except that a 429 is a pause.
func (c *Client) unreadable(r request, a answer, problem string) *evergrant.Failure {
	v := metaTrouble
	if a.status == http.StatusTooManyRequests {
		v = appPause
	}
	f := c.failure(r, a, v)
	f.Message = problem
	if kind := a.header.Get("Content-Type"); kind != "" {
		f.Message = clean(fmt.Sprintf("%s (%d bytes of %s)", problem, len(a.body), kind), r.secrets)
	}
	return f
}

func (c *Client) failure(r request, a answer, v verdict) *evergrant.Failure {
	f := &evergrant.Failure{
		Class: v.class, Scope: v.scope, Endpoint: r.endpoint, Status: a.status,
		Cause: v.cause, Usage: usageIn(a.header), RetryAfter: retryAfter(a.header, c.now()),
	}
	if f.Class == evergrant.Throttled {
		f.RetryAfter = max(f.RetryAfter, f.Usage.AccountRegain)
	}
	return f
}
