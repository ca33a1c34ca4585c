package evergrant

import (
	"context"
	"sync"
)

// flights lets callers who want the same work at the same time share one run of it.
// The work runs on a context of its own: a caller that gives up stops waiting, and
// the others still get their answer. The zero value is ready.
type flights[T any] struct {
	mu      sync.Mutex
	all     sync.WaitGroup
	running map[string]*flight[T]
}

type flight[T any] struct {
	done   chan struct{} // closed when result and err are set
	result T
	err    error
}

// do runs work once for all concurrent callers with one key. It returns early, with
// the context's error, when the caller's ctx ends; the work then goes on.
func (g *flights[T]) do(ctx context.Context, key string, work func(context.Context) (T, error)) (T, error) {
	g.mu.Lock()
	f, ok := g.running[key]
	if !ok {
		f = &flight[T]{done: make(chan struct{})}
		if g.running == nil {
			g.running = map[string]*flight[T]{}
		}
		g.running[key] = f
		g.all.Go(func() { // bounded by the budgets inside work
			f.result, f.err = work(context.WithoutCancel(ctx))
			g.mu.Lock()
			delete(g.running, key)
			g.mu.Unlock()
			close(f.done)
		})
	}
	g.mu.Unlock()
	select {
	case <-f.done:
		return f.result, f.err
	case <-ctx.Done():
		var zero T
		return zero, context.Cause(ctx)
	}
}
