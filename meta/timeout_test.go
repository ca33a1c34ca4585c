package meta_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evergrant/evergrant/meta"
)

// slowBody answers with headers and the beginning of a body, and then nothing.
func slowBody(conn net.Conn) {
	_, _ = conn.Read(make([]byte, 4096))
	_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"access_token\":")
	stuck(conn)
}

// shortBody ends in the middle of a body.
func shortBody(conn net.Conn) {
	_, _ = conn.Read(make([]byte, 4096))
	_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"+longToken)
}

// rude repeats the request where HTTP has its status.
func rude(conn net.Conn) {
	request := make([]byte, 4096)
	n, _ := conn.Read(request)
	line, _, _ := strings.Cut(string(request[:n]), "\r\n")
	_, _ = io.WriteString(conn, "HTTP/1.1 "+line+" "+token.Reveal()+"\r\n"+token.Reveal()+"\r\n\r\n")
}

func TestBrokenServers(t *testing.T) {
	for _, tt := range []struct {
		name  string
		serve func(net.Conn)
		want  error
	}{
		{"takes the request and stays silent", stuck, context.DeadlineExceeded},
		{"stops in the body", slowBody, context.DeadlineExceeded},
		{"ends in the body", shortBody, io.ErrUnexpectedEOF},
		{"hangs up", hangUp, io.EOF},
		{"does not speak HTTP", rude, nil},
	} {
		for _, op := range operations() {
			t.Run(tt.name+"/"+op.name, func(t *testing.T) {
				t.Parallel()
				l := listen(t, tt.serve)
				client := newClient(t, "http://"+l.Addr().String(), func(c *meta.Config) {
					if errors.Is(tt.want, context.DeadlineExceeded) {
						c.CallTimeout = 100 * time.Millisecond
					}
				})
				err := op.run(t.Context(), client)
				f := failure(t, err)
				if tt.want != nil && !errors.Is(err, tt.want) {
					t.Errorf("got %v; want it to match %v", err, tt.want)
				}
				if f.Class != transient || f.Scope != onNetwork || f.NotSent || l.accepted.Load() != 1 {
					t.Errorf("got %+v after %d connections; want a transient network failure after 1", f, l.accepted.Load())
				}
				if s := leaks(err.Error()); s != "" {
					t.Errorf("got %q; want no secret in it", err)
				}
			})
		}
	}
}

func TestCallerDeadline(t *testing.T) {
	l := listen(t, stuck)
	client := newClient(t, "http://"+l.Addr().String())
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := client.Refresh(ctx, token)
	if f := failure(t, err); !errors.Is(err, context.DeadlineExceeded) || f.NotSent {
		t.Errorf("got %+v; want a deadline, perhaps sent", f)
	}
}

// A TLS handshake that never ends is a connection that was not made.
func TestNoConnectionInTime(t *testing.T) {
	l := listen(t, stuck)
	client := newClient(t, "https://"+l.Addr().String(), func(c *meta.Config) { c.CallTimeout = 100 * time.Millisecond })
	_, err := client.Refresh(t.Context(), token)
	if f := failure(t, err); !f.NotSent || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %+v; want an unsent failure: deadline", f)
	}
}

// A name that does not resolve, and a certificate that nobody trusts, are found
// before anything is sent.
func TestUntrustedServer(t *testing.T) {
	srv, hits := newTLS(t, longToken)
	_, err := newClient(t, srv.URL).Refresh(t.Context(), token)
	if f := failure(t, err); !f.NotSent || hits.Load() != 0 || !strings.Contains(f.Error(), "certificate") {
		t.Errorf("got %+v and %d calls; want an unsent failure about the certificate", f, hits.Load())
	}
}

func TestHugeHeaders(t *testing.T) {
	srv := newRecorder(t, 200, http.Header{"X-Filler": {strings.Repeat("x", 1<<20)}}, longToken)
	_, err := newClient(t, srv.URL).Refresh(t.Context(), token)
	if f := failure(t, err); f.Class != transient {
		t.Errorf("got %+v; want a transient failure", f)
	}
}

func TestEndlessAnswer(t *testing.T) {
	const patience = 64 << 20 // what buffers on the way may hold, and more
	var sent atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		chunk := make([]byte, 1<<20)
		for sent.Load() < 2*patience {
			n, err := w.Write(chunk)
			sent.Add(int64(n))
			if err != nil {
				return
			}
		}
	}))
	_, err := newClient(t, srv.URL).Refresh(t.Context(), token)
	srv.Close() // waits for the handler
	if f := failure(t, err); f.Class != transient || f.Status != 200 || !strings.Contains(f.Message, "1 MiB") || sent.Load() > patience {
		t.Errorf("got %+v after %d bytes; want a transient failure about the size", f, sent.Load())
	}
}
