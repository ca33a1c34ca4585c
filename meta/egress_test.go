package meta_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/evergrant/evergrant/meta"
)

func via(exits ...string) func(*meta.Config) {
	return func(c *meta.Config) { c.Egress = exits }
}

// newTLS is a server behind TLS, which a proxy can only tunnel to.
func newTLS(t *testing.T, body string) (*httptest.Server, *atomic.Int32) {
	t.Helper()
	hits := new(atomic.Int32)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		hits.Add(1)
		_, _ = w.Write([]byte(body))
	}))
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv, hits
}

func TestEveryKindOfExit(t *testing.T) {
	const user = "proxyuser:planted-proxy-password"
	plain := newRecorder(t, 200, nil, longToken)
	secure, _ := newTLS(t, longToken)
	open, closed := newProxy(t, ""), newProxy(t, user)
	socksOpen := listen(t, socks("", ""))
	socksClosed := listen(t, socks("proxyuser", "planted-proxy-password"))
	for _, tt := range []struct {
		name, exit, base string
		used             func() int32
	}{
		{"direct", meta.Direct, plain.URL, func() int32 { return int32(plain.count()) }},
		{"http, forwarding", open.exit(t), plain.URL, open.forwarded.Load},
		{"http, tunnel", open.exit(t), secure.URL, open.tunnels.Load},
		{"http with a password, forwarding", closed.exit(t), plain.URL, closed.forwarded.Load},
		{"http with a password, tunnel", closed.exit(t), secure.URL, closed.tunnels.Load},
		{"socks5", "socks5://" + socksOpen.Addr().String(), plain.URL, socksOpen.accepted.Load},
		{"socks5, TLS", "socks5://" + socksOpen.Addr().String() + "/", secure.URL, socksOpen.accepted.Load},
		{"socks5 with a password", "socks5://" + user + "@" + socksClosed.Addr().String(), plain.URL, socksClosed.accepted.Load},
		{"socks5h", "socks5h://" + user + "@" + socksClosed.Addr().String(), plain.URL, socksClosed.accepted.Load},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var mu sync.Mutex
			var calls []meta.Call
			client := newClient(t, tt.base, via(tt.exit), func(c *meta.Config) {
				c.Observe = func(call meta.Call) { mu.Lock(); defer mu.Unlock(); calls = append(calls, call) }
			})
			meta.Trust(client, secure.Certificate())
			before := tt.used()
			if _, err := client.Refresh(t.Context(), token); err != nil {
				t.Fatalf("Refresh: %v", err)
			}
			if got := tt.used() - before; got != 1 {
				t.Errorf("the exit was used %d times; want 1", got)
			}
			mu.Lock()
			defer mu.Unlock()
			if len(calls) != 1 || strings.Contains(calls[0].Exit, "planted") || calls[0].Exit == "" {
				t.Errorf("got calls %+v; want one, with an exit without its password", calls)
			}
		})
	}
}

// What provably was not sent goes through the next exit, whatever the call.
func TestFailoverWhenNotSent(t *testing.T) {
	srv, hits := newTLS(t, `{"access_token":"x","id":"1","success":true}`)
	refusing := newProxy(t, "")
	refusing.refuse.Store(http.StatusForbidden)
	locked := newProxy(t, "proxyuser:planted-proxy-password")
	var calls atomic.Int32
	for _, tt := range []struct{ name, exit string }{
		{"nobody listens", "http://" + deadAddress(t)},
		{"nobody listens, socks5", "socks5://" + deadAddress(t)},
		{"tunnel refused", refusing.URL},
		{"wrong password", locked.URL},
		{"socks5 refuses the login", "socks5://" + listen(t, socks("a", "b")).Addr().String()},
		{"hangs up before the tunnel", "http://" + listen(t, hangUp).Addr().String()},
		{"stuck before the tunnel", "http://" + listen(t, stuck).Addr().String()},
		{"stuck before the tunnel, socks5", "socks5://" + listen(t, stuck).Addr().String()},
	} {
		for _, op := range operations() {
			t.Run(tt.name+"/"+op.name, func(t *testing.T) {
				t.Parallel()
				var log bytes.Buffer
				client := newClient(t, srv.URL, via(tt.exit, meta.Direct), func(c *meta.Config) {
					c.CallTimeout = 1500 * time.Millisecond
					c.Log = slog.New(slog.NewTextHandler(&log, nil))
				})
				meta.Trust(client, srv.Certificate())
				calls.Add(1)
				if err := op.run(t.Context(), client); err != nil {
					t.Errorf("%s: %v", op.name, err)
				}
				if !strings.Contains(log.String(), "exit failed") || leaks(log.String()) != "" {
					t.Errorf("got log %q; want a line about the exit, without secrets", &log)
				}
			})
		}
	}
	t.Cleanup(func() {
		if got, want := hits.Load(), calls.Load(); got != want {
			t.Errorf("got %d calls at the server; want one for each of %d", got, want)
		}
	})
}

// What may have been sent is repeated for a read only.
func TestFailoverWhenPerhapsSent(t *testing.T) {
	srv := newRecorder(t, 200, nil, `{"access_token":"x","id":"1","success":true}`)
	asking := newProxy(t, "proxyuser:planted-proxy-password")
	for _, tt := range []struct{ name, exit string }{
		{"hangs up after the request", "http://" + listen(t, hangUp).Addr().String()},
		{"stuck after the request", "http://" + listen(t, stuck).Addr().String()},
		{"asks for a password", asking.URL},
	} {
		for _, op := range operations() {
			t.Run(tt.name+"/"+op.name, func(t *testing.T) {
				t.Parallel()
				client := newClient(t, srv.URL, via(tt.exit, meta.Direct), func(c *meta.Config) { c.CallTimeout = 1500 * time.Millisecond })
				err := op.run(t.Context(), client)
				if op.name == "me" {
					if err != nil {
						t.Errorf("got %v; want the next exit to help", err)
					}
					return
				}
				if f := failure(t, err); f.NotSent || f.Class != transient || f.Scope != onNetwork || !strings.Contains(f.Error(), tt.exit) {
					t.Errorf("got %+v; want a transient network failure that names %s and may have been sent", f, tt.exit)
				}
			})
		}
	}
	t.Cleanup(func() {
		if got := srv.count(); got != 3 {
			t.Errorf("got %d calls at the server; want the 3 reads", got)
		}
	})
}

func TestNoExitWorks(t *testing.T) {
	first, second := deadAddress(t), deadAddress(t)
	for _, op := range operations() {
		t.Run(op.name, func(t *testing.T) {
			client := newClient(t, "https://graph.invalid", via("http://proxyuser:planted-proxy-password@"+first, "socks5://"+second))
			err := op.run(t.Context(), client)
			f := failure(t, err)
			if !f.NotSent || f.Class != transient || f.Scope != onNetwork || !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("got %+v; want an unsent network failure: connection refused", f)
			}
			text := err.Error()
			if !strings.Contains(text, first) || !strings.Contains(text, second) || strings.Contains(text, "planted") || strings.Contains(text, "\n") {
				t.Errorf("got %q; want one line with both exits and no password", text)
			}
		})
	}
}

// An exit that failed is tried last for half a minute.
func TestExitHealth(t *testing.T) {
	srv := newRecorder(t, 200, nil, `{"id":"1"}`)
	broken := newProxy(t, "")
	var mu sync.Mutex
	now, used := start, ""
	client := newClient(t, srv.URL, via(broken.URL, meta.Direct), func(c *meta.Config) {
		c.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
		c.Observe = func(call meta.Call) { mu.Lock(); defer mu.Unlock(); used = call.Exit }
	})
	for _, step := range []struct {
		name    string
		forward time.Duration
		status  int32
		want    string
		asked   int32
	}{
		{"works", 0, 0, broken.URL, 1},
		{"breaks", 0, http.StatusProxyAuthRequired, meta.Direct, 1},
		{"is left alone", 29 * time.Second, 0, meta.Direct, 0},
		{"is tried again, in vain", time.Second, http.StatusProxyAuthRequired, meta.Direct, 1},
		{"is tried again, and works", 30 * time.Second, 0, broken.URL, 1},
		{"is well", 0, 0, broken.URL, 1},
	} {
		broken.refuse.Store(step.status)
		asked := broken.asked.Load()
		mu.Lock()
		now = now.Add(step.forward)
		mu.Unlock()
		if _, err := client.Identify(t.Context(), token); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		mu.Lock()
		got := used
		mu.Unlock()
		if n := broken.asked.Load() - asked; got != step.want || n != step.asked {
			t.Errorf("%s: went through %s, the first exit was asked %d times; want %s, %d", step.name, got, n, step.want, step.asked)
		}
	}
}

// An exit that works while it counts as sick is well again, and goes before those
// that are still sick.
func TestExitRecovers(t *testing.T) {
	srv := newRecorder(t, 200, nil, `{"id":"1"}`)
	first, second := newProxy(t, ""), newProxy(t, "")
	client := newClient(t, srv.URL, via(first.URL, second.URL))
	first.refuse.Store(http.StatusProxyAuthRequired)
	second.refuse.Store(http.StatusProxyAuthRequired)
	if _, err := client.Identify(t.Context(), token); err == nil {
		t.Fatal("both exits broken: got no error; want one")
	}
	second.refuse.Store(0)
	for i, want := range []int32{2, 2} {
		if _, err := client.Identify(t.Context(), token); err != nil {
			t.Fatalf("second exit repaired: %v", err)
		}
		if got := first.asked.Load(); got != want {
			t.Errorf("call %d: the first exit was asked %d times; want %d", i, got, want)
		}
	}
}

// A change that has reached a slow server gets all the time there is: giving up
// early would not make it unsent.
func TestSlowAnswerToAChange(t *testing.T) {
	const timeout = 2 * time.Second
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		slow, cancel := context.WithTimeout(r.Context(), timeout*3/4)
		defer cancel()
		<-slow.Done()
		_, _ = w.Write([]byte(longToken))
	}))
	defer srv.Close()
	client := newClient(t, srv.URL, via(meta.Direct, newProxy(t, "").URL), func(c *meta.Config) { c.CallTimeout = timeout })
	if _, err := client.Refresh(t.Context(), token); err != nil {
		t.Errorf("got %v; want the answer that comes after the first exit's share of the time", err)
	}
}

// A caller who gives up says nothing about the exit.
func TestCancelledCallLeavesExitHealthy(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	l := listen(t, func(conn net.Conn) { cancel(); stuck(conn) })
	srv := newRecorder(t, 200, nil, `{"id":"1"}`)
	client := newClient(t, srv.URL, via("http://"+l.Addr().String(), meta.Direct), func(c *meta.Config) { c.CallTimeout = 1500 * time.Millisecond })
	_, err := client.Identify(ctx, token)
	if f := failure(t, err); !errors.Is(err, context.Canceled) || f.Class != transient || strings.Contains(f.Error(), meta.Direct) {
		t.Errorf("got %+v; want a transient failure, canceled, that tried one exit only", f)
	}
	if _, err := client.Identify(t.Context(), token); err != nil || l.accepted.Load() != 2 {
		t.Errorf("got %v, first exit asked %d times; want it asked again, and the next one to help", err, l.accepted.Load())
	}
}

func TestCancelledBeforeTheCall(t *testing.T) {
	srv := newRecorder(t, 200, nil, `{"id":"1"}`)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, op := range operations() {
		err := op.run(ctx, newClient(t, srv.URL))
		if f := failure(t, err); !errors.Is(err, context.Canceled) || !f.NotSent || srv.count() != 0 {
			t.Errorf("%s: got %+v and %d calls; want an unsent failure, canceled", op.name, f, srv.count())
		}
	}
}
