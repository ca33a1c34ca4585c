package meta_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/evergrant/evergrant/meta"
)

func TestReach(t *testing.T) {
	methods := make(chan string, 10)
	ahead := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		methods <- r.Method + " " + r.URL.Path + " " + r.Header.Get("Authorization")
		w.Header().Set("Date", start.Add(time.Minute).Format(http.TimeFormat))
		w.WriteHeader(http.StatusNotFound)
	}))
	defer ahead.Close()
	undated := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Date"] = nil
		w.WriteHeader(http.StatusInternalServerError)
	}))
	defer undated.Close()
	dead := deadAddress(t)
	client := newClient(t, ahead.URL, func(c *meta.Config) {
		c.APIURL, c.GraphURL = undated.URL, "http://"+dead+"/"
		c.Egress = []string{meta.Direct, "http://proxyuser:planted-proxy-password@" + dead}
	})
	got := client.Reach(t.Context())
	if len(got) != 6 {
		t.Fatalf("got %d rows; want 3 hosts through 2 exits", len(got))
	}
	for i, want := range []meta.Reach{
		{Host: "authorize", Address: strings.TrimPrefix(ahead.URL, "http://"), Exit: "direct", Reachable: true, Status: 404, Dated: true},
		{Host: "authorize", Address: strings.TrimPrefix(ahead.URL, "http://"), Exit: "http://" + dead},
		{Host: "api", Address: strings.TrimPrefix(undated.URL, "http://"), Exit: "direct", Reachable: true, Status: 500},
		{Host: "api", Address: strings.TrimPrefix(undated.URL, "http://"), Exit: "http://" + dead},
		{Host: "graph", Address: dead, Exit: "direct"},
		{Host: "graph", Address: dead, Exit: "http://" + dead},
	} {
		r := got[i]
		if (r.Err == nil) != r.Reachable || r.Err != nil && strings.Contains(r.Err.Error(), "planted") {
			t.Errorf("row %d: got reachable %v and error %v", i, r.Reachable, r.Err)
		}
		if r.Dated && (r.Skew < 59*time.Second || r.Skew > 61*time.Second) {
			t.Errorf("row %d: got skew %v; want about a minute", i, r.Skew)
		}
		r.Err, r.Skew = nil, 0
		if r != want {
			t.Errorf("row %d: got %+v; want %+v", i, r, want)
		}
	}
	if got := <-methods; got != "HEAD /oauth/authorize " {
		t.Errorf("got request %q; want HEAD without a token", got)
	}
}

func TestReachEnds(t *testing.T) {
	l := listen(t, stuck)
	client := newClient(t, "http://"+l.Addr().String(), func(c *meta.Config) { c.CallTimeout = 50 * time.Millisecond })
	for _, r := range client.Reach(t.Context()) {
		if r.Reachable || !errors.Is(r.Err, context.DeadlineExceeded) {
			t.Errorf("got %+v; want a deadline", r)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, r := range client.Reach(ctx) {
		if r.Reachable || !errors.Is(r.Err, context.Canceled) {
			t.Errorf("got %+v; want canceled", r)
		}
	}
}
