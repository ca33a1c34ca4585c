package evergrant

import (
	"context"
	"sync"
)

// A pace bounds how many channels are worked on at once. It may start slow, and then
// doubles with each success until it reaches its limit.
type pace struct {
	mu    sync.Mutex
	free  *sync.Cond
	now   int // places
	limit int
	used  int
}

func newPace(start, limit int) *pace {
	p := &pace{now: min(start, limit), limit: limit}
	p.free = sync.NewCond(&p.mu)
	return p
}

// enter waits for a place; false when ctx has ended.
func (p *pace) enter(ctx context.Context) bool {
	stop := context.AfterFunc(ctx, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.free.Broadcast()
	})
	defer stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.used >= p.now && ctx.Err() == nil {
		p.free.Wait()
	}
	p.used++
	return ctx.Err() == nil
}

func (p *pace) exit(success bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.used--
	if success {
		p.now = min(2*p.now, p.limit)
	}
	p.free.Broadcast()
}
