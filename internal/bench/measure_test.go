package bench_test

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// samples are repeated measurements of one thing, in the order of the turns.
type samples []float64

// median is the middle one, or the mean of the two in the middle; 0 for none.
func (s samples) median() float64 {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}

// ratio is the median of s over other, turn by turn: a machine that slows down for a
// while slows both.
func (s samples) ratio(other samples) float64 {
	ratios := make(samples, 0, len(s))
	for i := range min(len(s), len(other)) {
		if other[i] > 0 {
			ratios = append(ratios, s[i]/other[i])
		}
	}
	return ratios.median()
}

// spread is the lowest and the highest with their unit.
func (s samples) spread(unit string) string {
	if len(s) == 0 {
		return "not measured"
	}
	return fmt.Sprintf("%.3g–%.3g %s", slices.Min(s), slices.Max(s), unit)
}

// add notes a duration in the unit.
func (s *samples) add(d, unit time.Duration) { *s = append(*s, float64(d)/float64(unit)) }

// turns calls turn as often as -benchtime asks, and at least so many times.
func turns(b *testing.B, atLeast int, turn func()) {
	b.Helper()
	done := 0
	for b.Loop() {
		turn()
		done++
	}
	for ; done < atLeast; done++ {
		turn()
	}
	b.ReportMetric(0, "ns/op") // a turn is several jobs: its own time says nothing
}

// timed runs fn and returns how long it took.
func timed(fn func()) time.Duration {
	start := time.Now()
	fn()
	return time.Since(start)
}

func TestMedianAndRatio(t *testing.T) {
	for _, tt := range []struct {
		name   string
		s      samples
		median float64
	}{
		{"none", nil, 0},
		{"one", samples{7}, 7},
		{"odd", samples{9, 1, 5}, 5},
		{"even", samples{4, 1, 2, 100}, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := slices.Clone(tt.s)
			if got := tt.s.median(); got != tt.median {
				t.Errorf("got median %v; want %v", got, tt.median)
			}
			if !slices.Equal(tt.s, before) {
				t.Errorf("median changed the order to %v; want %v", tt.s, before)
			}
		})
	}
	// Turn by turn: 2, 3 and 1.5, although the medians are 4 and 2.
	if got := (samples{2, 6, 4.5}).ratio(samples{1, 2, 3}); got != 2 {
		t.Errorf("got ratio %v; want 2", got)
	}
	if got := (samples{1}).ratio(samples{0}); got != 0 {
		t.Errorf("got ratio %v for a yardstick that was not measured; want 0", got)
	}
}
