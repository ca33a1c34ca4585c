package sim_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"

	"github.com/evergrant/evergrant/internal/sim"
)

// A dropped connection is a reset on the wire, in the clear and under TLS, and
// an aborted stream under HTTP/2.
func TestDropIsReal(t *testing.T) {
	for _, tt := range []struct {
		name  string
		start func(*httptest.Server)
		reset bool // the client can tell that it was a reset
	}{
		{"http", (*httptest.Server).Start, true},
		{"https", (*httptest.Server).StartTLS, true},
		{"http2", func(s *httptest.Server) { s.EnableHTTP2 = true; s.StartTLS() }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := sim.New(sim.Config{})
			if _, err := s.AddFault(sim.Fault{Kind: sim.FaultDropBefore}); err != nil {
				t.Fatal(err)
			}
			web := httptest.NewUnstartedServer(s)
			tt.start(web)
			defer web.Close()
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, web.URL+"/me", nil)
			if err != nil {
				t.Fatal(err)
			}
			res, err := web.Client().Do(req)
			if err == nil {
				_ = res.Body.Close()
				t.Fatalf("got status %d; want a broken connection", res.StatusCode)
			}
			if tt.reset && !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.EOF) {
				t.Errorf("got %v; want a reset", err)
			}
		})
	}
}

// Without a connection to break, the handler aborts.
func TestDropWithoutConnection(t *testing.T) {
	s := sim.New(sim.Config{})
	if _, err := s.AddFault(sim.Fault{Kind: sim.FaultDropBefore}); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if got, _ := recover().(error); !errors.Is(got, http.ErrAbortHandler) {
			t.Errorf("got panic %v; want http.ErrAbortHandler", got)
		}
	}()
	s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/me", nil))
}
