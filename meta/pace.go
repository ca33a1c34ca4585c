package meta

import (
	"context"
	"math"

	"golang.org/x/time/rate"
)

// pace bounds the calls in flight and the calls per second of one client.
type pace struct {
	slots   chan struct{}
	limiter *rate.Limiter
}

// newPace allows perSecond calls (below 0: any number) with bursts of a tenth of
// a second, so that no second sees more than 1.1 times the limit.
func newPace(concurrency int, perSecond float64) pace {
	limit, burst := rate.Inf, 1
	if perSecond > 0 {
		limit, burst = rate.Limit(perSecond), int(math.Ceil(math.Min(perSecond/10, 1e6)))
	}
	return pace{slots: make(chan struct{}, concurrency), limiter: rate.NewLimiter(limit, burst)}
}

// acquire waits for a turn until ctx ends. Every success needs a release. The slot
// comes first, so that a call allowed by the limiter leaves at once and the limit
// holds on the wire.
func (p pace) acquire(ctx context.Context) error {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := p.limiter.Wait(ctx); err != nil {
		p.release()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		// The limiter knows already that ctx would end first, and does not wait for it.
		return context.DeadlineExceeded
	}
	return nil
}

func (p pace) release() { <-p.slots }
