package sim

import (
	"sync/atomic"
	"time"
)

// A clock is a base clock with an offset. The zero offset is the base's time.
type clock struct {
	base   func() time.Time
	offset atomic.Int64 // nanoseconds
}

func (c *clock) now() time.Time {
	return c.base().Add(time.Duration(c.offset.Load())).UTC()
}

// Now is the simulator's time: Config.Now plus the offset, in UTC.
func (s *Server) Now() time.Time { return s.clock.now() }

// Advance moves the simulator's clock by d and returns the new time. A negative
// d moves it back, as a test of clock skew may want.
func (s *Server) Advance(d time.Duration) time.Time {
	s.clock.offset.Add(int64(d))
	return s.clock.now()
}

// SetTime moves the simulator's clock to t. It keeps running from there when
// the base clock runs.
func (s *Server) SetTime(t time.Time) {
	s.clock.offset.Store(int64(t.Sub(s.clock.base())))
}

// Offset is the distance of the simulator's clock from its base clock.
func (s *Server) Offset() time.Duration {
	return time.Duration(s.clock.offset.Load())
}
