package meta_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/evergrant/evergrant/meta"
)

// A server that answers the first request of each connection and, after the effect
// of the second one, closes the connection without an answer. net/http would send
// a GET again over a new connection, and the token would be issued twice.
func TestExactlyOneCall(t *testing.T) {
	for _, op := range operations() {
		if op.name == "me" {
			continue // a read: repeating it does no harm
		}
		t.Run(op.name, func(t *testing.T) {
			var mu sync.Mutex
			effects, requests := 0, map[string]int{}
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				effects++
				requests[r.RemoteAddr]++
				if requests[r.RemoteAddr] < 2 {
					_, _ = w.Write([]byte(`{"access_token":"x","success":true}`))
					return
				}
				conn, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Errorf("hijack: %v", err)
					return
				}
				_ = conn.Close()
			}))
			defer srv.Close()
			client := newClient(t, srv.URL)
			if err := op.run(t.Context(), client); err != nil {
				t.Fatalf("first call: %v", err)
			}
			f := failure(t, op.run(t.Context(), client))
			mu.Lock()
			defer mu.Unlock()
			if len(requests) != 1 {
				t.Fatalf("got %d connections; want 1, reused: otherwise this test shows nothing", len(requests))
			}
			if effects != 2 {
				t.Errorf("got %d effects at the server; want 2", effects)
			}
			if f.Class != transient || f.Scope != onNetwork || f.NotSent || f.Status != 0 || f.Answered() {
				t.Errorf("got %+v; want a transient network failure that may have been sent", f)
			}
		})
	}
}

// The same over HTTP/2, where a GET with an empty body must also look bare.
func TestHTTP2(t *testing.T) {
	var mu sync.Mutex
	var protocols []string
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		protocols = append(protocols, r.Proto)
		mu.Unlock()
		if r.ContentLength > 0 || r.Header.Get("Transfer-Encoding") != "" {
			t.Errorf("got length %d; want a bare GET", r.ContentLength)
		}
		_, _ = w.Write([]byte(longToken))
	}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	client := newClient(t, srv.URL)
	meta.Trust(client, srv.Certificate())
	for range 3 {
		if _, err := client.Refresh(t.Context(), token); err != nil {
			t.Fatalf("Refresh: %v", err)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	for _, p := range protocols {
		if p != "HTTP/2.0" {
			t.Errorf("got %s; want HTTP/2.0", p)
		}
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	for _, op := range operations() {
		t.Run(op.name, func(t *testing.T) {
			elsewhere := newRecorder(t, 200, nil, longToken)
			srv := newRecorder(t, http.StatusFound, http.Header{"Location": {elsewhere.URL}}, html)
			f := failure(t, op.run(t.Context(), newClient(t, srv.URL)))
			if f.Class != transient || f.Status != http.StatusFound || elsewhere.count() != 0 {
				t.Errorf("got %+v and %d calls elsewhere; want a transient failure and none", f, elsewhere.count())
			}
		})
	}
}
