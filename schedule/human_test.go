package schedule_test

import (
	"math"
	"testing"
	"time"

	"github.com/evergrant/evergrant/schedule"
)

func TestHuman(t *testing.T) {
	for _, tt := range []struct {
		name string
		d    time.Duration
		want string
	}{
		{"the least", math.MinInt64, "0 seconds"},
		{"negative", -time.Hour, "0 seconds"},
		{"zero", 0, "0 seconds"},
		{"less than half a second", 499 * time.Millisecond, "0 seconds"},
		{"half a second rounds up", 500 * time.Millisecond, "1 second"},
		{"one second", time.Second, "1 second"},
		{"two seconds", 2 * time.Second, "2 seconds"},
		{"a minute", time.Minute, "60 seconds"},
		{"the last in seconds", 90*time.Second - time.Millisecond, "90 seconds"},
		{"the first in minutes", 90 * time.Second, "2 minutes"},
		{"minutes round to the nearest", 2*time.Minute + 29*time.Second, "2 minutes"},
		{"the last in minutes", 90*time.Minute - time.Second, "90 minutes"},
		{"the first in hours", 90 * time.Minute, "2 hours"},
		{"five hours", 5*time.Hour + 20*time.Minute, "5 hours"},
		{"the last in hours", 36*time.Hour - time.Second, "36 hours"},
		{"the first in days", 36 * time.Hour, "2 days"},
		{"three days", 3*day - time.Hour, "3 days"},
		{"sixty days", 60 * day, "60 days"},
		{"the greatest does not overflow", math.MaxInt64, "106751 days"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := schedule.Human(tt.d); got != tt.want {
				t.Errorf("Human(%v) = %q; want %q", tt.d, got, tt.want)
			}
		})
	}
}
