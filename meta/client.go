package meta

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/evergrant/evergrant"
)

// A Client calls Instagram for one app. Create it with [New]. It is safe for
// concurrent use, and it prints without its secrets.
type Client struct {
	clientID    string
	secret      evergrant.Secret
	hosts       hosts
	version     string
	agent       string
	proof       Proof
	exits       []*exit
	pace        pace
	callTimeout time.Duration
	now         func() time.Time
	log         *slog.Logger
	observe     func(Call)
}

var _ evergrant.Provider = (*Client)(nil)

// New returns a client for c. It opens nothing and calls nobody. Every problem of
// c is in the one error, each naming its field.
func New(c Config) (*Client, error) {
	c = c.withDefaults()
	h, hostsErr := parseHosts(c)
	proxies, egressErr := parseEgress(c.Egress)
	if err := errors.Join(c.check(), hostsErr, egressErr); err != nil {
		return nil, fmt.Errorf("meta settings: %w", err)
	}
	client := &Client{
		clientID:    c.ClientID,
		secret:      c.ClientSecret,
		hosts:       h,
		version:     c.GraphVersion,
		agent:       c.UserAgent,
		proof:       c.Proof,
		pace:        newPace(c.Concurrency, c.Rate),
		callTimeout: c.CallTimeout,
		now:         c.Now,
		log:         c.Log,
		observe:     c.Observe,
	}
	for i, proxy := range proxies {
		client.exits = append(client.exits, newExit(exitName(c.Egress[i], proxy), proxy, c.Concurrency, c.CallTimeout))
	}
	return client, nil
}

// Close closes the idle connections. It may be called twice; calls made later
// open new connections.
func (c *Client) Close() error {
	for _, e := range c.exits {
		e.transport.CloseIdleConnections()
	}
	return nil
}

// MaxCall is the longest time that one call can take: waiting for its turn, and
// then being answered. The lease around a call must be longer.
func (c *Client) MaxCall() time.Duration { return 2 * c.callTimeout }

// String names the client without any of its settings.
func (c *Client) String() string { return "meta.Client{[redacted]}" }

// Format prints the same for every verb, so that %+v does not walk into the fields.
func (c *Client) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// LogValue prints the same in structured logs.
func (c *Client) LogValue() slog.Value { return slog.StringValue(c.String()) }
