package meta_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evergrant/evergrant/meta"
)

func TestRate(t *testing.T) {
	for _, tt := range []struct {
		name     string
		rate     float64
		calls    int
		min, max time.Duration
	}{
		{"50 a second", 50, 500, 9900 * time.Millisecond, 10 * time.Second},
		{"one in two seconds", 0.5, 6, 10 * time.Second, 10 * time.Second},
		{"unlimited", -1, 10_000, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := meta.NewPace(16, tt.rate)
				began := time.Now()
				var wg sync.WaitGroup
				for range tt.calls {
					wg.Go(func() {
						if err := p.Acquire(t.Context()); err != nil {
							t.Errorf("acquire: %v", err)
							return
						}
						p.Release()
					})
				}
				wg.Wait()
				if took := time.Since(began); took < tt.min || took > tt.max {
					t.Errorf("%d calls took %v; want between %v and %v", tt.calls, took, tt.min, tt.max)
				}
			})
		})
	}
}

func TestWaitForTurnEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := meta.NewPace(1, 1)
		if err := p.Acquire(t.Context()); err != nil {
			t.Fatalf("acquire: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if err := p.Acquire(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("all slots taken: got %v; want a deadline", err)
		}
		p.Release()
		ctx, cancel = context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if err := p.Acquire(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("above the rate: got %v; want a deadline", err)
		}
		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(10*time.Millisecond, cancel)
		if err := p.Acquire(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("given up: got %v; want canceled", err)
		}
		if err := p.Acquire(t.Context()); err != nil {
			t.Errorf("afterwards: got %v; want the slot to be free", err)
		}
	})
}

func TestConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit, calls = 3, 30
		p := meta.NewPace(limit, -1)
		began := time.Now()
		var wg sync.WaitGroup
		for range calls {
			wg.Go(func() {
				if err := p.Acquire(t.Context()); err != nil {
					t.Errorf("acquire: %v", err)
					return
				}
				time.Sleep(time.Second) // the bubble's clock
				p.Release()
			})
		}
		wg.Wait()
		if took, want := time.Since(began), calls/limit*time.Second; took != want {
			t.Errorf("%d calls of a second took %v; want %v, %d at a time", calls, took, want, limit)
		}
	})
}

// Who does not get a turn in time has sent nothing.
func TestNoTurn(t *testing.T) {
	l := listen(t, stuck)
	client := newClient(t, "http://"+l.Addr().String(), func(c *meta.Config) {
		c.Concurrency, c.CallTimeout = 1, 300*time.Millisecond
		c.Rate = 0.1 // one call in ten seconds
	})
	if _, err := client.Refresh(t.Context(), token); err == nil {
		t.Fatal("first call: got no error; want one, since nobody answers")
	}
	_, err := client.Refresh(t.Context(), token)
	if f := failure(t, err); !f.NotSent || f.Class != transient || !errors.Is(err, context.DeadlineExceeded) || l.accepted.Load() != 1 {
		t.Errorf("got %+v after %d connections; want an unsent failure: deadline", f, l.accepted.Load())
	}
}
