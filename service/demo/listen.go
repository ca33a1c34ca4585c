package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/evergrant/evergrant/internal/sim"
)

// A Simulator is a pretend Meta behind a listener.
type Simulator struct {
	*sim.Server
	URL string // base of all three hosts

	http *http.Server
	done chan error
}

// Listen starts a simulator on addr; port 0 picks a free one. It serves until Close.
func Listen(ctx context.Context, addr string, cfg sim.Config) (*Simulator, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w; give another address with --listen", addr, cause(err))
	}
	s := &Simulator{
		Server: sim.New(cfg), URL: "http://" + l.Addr().String(), done: make(chan error, 1),
	}
	s.http = &http.Server{Handler: s.Server, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	go func() { s.done <- s.http.Serve(l) }()
	return s, nil
}

// cause drops the address that the caller's message holds already.
func cause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

// Close stops the simulator and waits for it. It may be called twice.
func (s *Simulator) Close() error {
	if s.done == nil {
		return nil
	}
	err := s.http.Close()
	if served := <-s.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	s.done = nil
	return err
}

// Settings are the variables that point Evergrant at the simulator, as NAME=value.
func (s *Simulator) Settings() []string {
	app := s.App()
	return []string{
		"INSTAGRAM_CLIENT_ID=" + app.ClientID,
		"INSTAGRAM_CLIENT_SECRET=" + app.Secrets[0],
		"EVERGRANT_INSTAGRAM_AUTHORIZE_URL=" + s.URL + "/oauth/authorize",
		"EVERGRANT_INSTAGRAM_API_URL=" + s.URL,
		"EVERGRANT_INSTAGRAM_GRAPH_URL=" + s.URL,
	}
}
