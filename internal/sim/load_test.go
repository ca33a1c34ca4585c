package sim_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evergrant/evergrant/internal/sim"
)

// Everything at once, for the race detector; and every call is counted.
func TestConcurrentUse(t *testing.T) {
	b := newBench(t, sim.Config{Latency: time.Millisecond})
	made, err := b.IssueTokens(sim.TokenSpec{Count: 64, Age: sim.Days(30)})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i, tok := range made {
		wg.Go(func() {
			wantToken(t, b.refresh(tok.Value))
			b.me(tok.Value)
			b.postForm("/me/subscribed_apps", url.Values{"subscribed_fields": {"messages"}, "access_token": {tok.Value}})
			switch i % 8 {
			case 0:
				b.Calls(sim.CallFilter{Account: tok.Account})
				b.Advance(time.Second)
			case 1:
				id := b.fault(sim.Fault{Kind: sim.FaultLatency, Latency: 1, Account: tok.Account})
				b.Faults()
				b.RemoveFault(id)
			case 2:
				_ = b.SetApp(sim.App{})
				b.Accounts()
			case 3:
				_, _ = b.Tokens(sim.Selector{})
				b.AllCounts()
			}
		})
	}
	wg.Wait()
	if n := b.CountsOf(sim.Refresh); n.OK != 64 || n.Effects != 64 {
		t.Errorf("got %+v; want 64 refreshes", n)
	}
}

// BenchmarkRefresh measures the simulator alone: no network, 64 calls in flight.
func BenchmarkRefresh(b *testing.B) {
	s := sim.New(sim.Config{Now: func() time.Time { return start }})
	made, err := s.IssueTokens(sim.TokenSpec{Count: b.N, Age: sim.Days(30)})
	if err != nil {
		b.Fatal(err)
	}
	var next atomic.Int64
	b.SetParallelism(32)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			tok := made[next.Add(1)-1].Value
			req := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/refresh_access_token?grant_type=ig_refresh_token&access_token="+tok, nil)
			rec := httptest.NewRecorder()
			if s.ServeHTTP(rec, req); rec.Code != http.StatusOK {
				b.Errorf("got %d %s; want 200", rec.Code, rec.Body)
			}
		}
	})
}
