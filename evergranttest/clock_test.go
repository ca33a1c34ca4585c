package evergranttest_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/evergrant/evergrant/evergranttest"
)

func ExampleClock() {
	clock := evergranttest.NewClock(time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC))
	clock.Advance(90 * time.Minute)
	fmt.Println(clock.Now().Format(time.TimeOnly))
	clock.Set(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
	fmt.Println(clock.Now().Format(time.DateOnly))
	// Output:
	// 01:30:00
	// 2027-01-01
}

func TestClockAtOnce(t *testing.T) {
	start := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	clock := evergranttest.NewClock(start)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { clock.Advance(time.Second) })
	}
	wg.Wait()
	if got, want := clock.Now(), start.Add(50*time.Second); !got.Equal(want) {
		t.Errorf("after 50 steps at once: got %v; want %v", got, want)
	}
}
