package meta

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// A Reach says whether one of Meta's hosts answers through one exit.
type Reach struct {
	Host      string        // "authorize", "api" or "graph"
	Address   string        // the host's name and port
	Exit      string        // without user name and password
	Reachable bool          // any HTTP answer came, whatever its status
	Status    int           // 0: no answer
	Latency   time.Duration // until the answer's headers, with making the connection
	// Skew is how far the host's clock is ahead of ours (below 0: behind), good to
	// about a second; Dated tells whether the host said its time at all.
	Skew  time.Duration
	Dated bool
	Err   error // why it is not reachable; nil when it is
}

// Reach tries each of the three hosts through each exit, all at once, without any
// token, and returns hosts in the order authorize, api, graph and exits as
// configured. It changes nothing, does not count against the pace, and returns
// when ctx ends or after CallTimeout.
func (c *Client) Reach(ctx context.Context) []Reach {
	ctx, cancel := context.WithTimeout(ctx, c.callTimeout)
	defer cancel()
	targets := []struct {
		name string
		url  *url.URL
	}{{"authorize", c.hosts.authorize}, {"api", c.hosts.api}, {"graph", c.hosts.graph}}
	found := make([]Reach, len(targets)*len(c.exits))
	var wg sync.WaitGroup
	for i, target := range targets {
		for j, e := range c.exits {
			wg.Go(func() { found[i*len(c.exits)+j] = c.reach(ctx, target.name, target.url, e) })
		}
	}
	wg.Wait()
	return found
}

func (c *Client) reach(ctx context.Context, name string, target *url.URL, e *exit) Reach {
	r := Reach{Host: name, Address: target.Host, Exit: e.name}
	began := c.now()
	status, said, err := c.knock(ctx, target, e)
	r.Latency = c.now().Sub(began)
	if err != nil {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			err = errNoAnswer
		}
		r.Err = causeOf(e, err, nil)
		return r
	}
	r.Reachable, r.Status = true, status
	if date, err := http.ParseTime(said); err == nil {
		// The header has whole seconds, cut off: half a second is its middle.
		r.Skew = date.Add(time.Second / 2).Sub(began.Add(r.Latency / 2)).Truncate(time.Millisecond)
		r.Dated = true
	}
	return r
}

// knock asks for the headers of target and returns its status and its Date.
func (c *Client) knock(ctx context.Context, target *url.URL, e *exit) (status int, date string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, target.String(), http.NoBody)
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("User-Agent", c.agent)
	resp, err := e.transport.RoundTrip(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	return resp.StatusCode, resp.Header.Get("Date"), nil
}
