package evergrant

import (
	"testing"
	"time"
)

// A lease outlives everything that is done under it, and a dead holder's channel is
// picked up again within two minutes.
func TestLeaseOutlivesItsBudgets(t *testing.T) {
	if sum := attemptBudget + commitBudget; LeaseTTL <= sum {
		t.Errorf("lease %v; want more than its budgets %v", LeaseTTL, sum)
	}
	if LeaseTTL >= 2*time.Minute {
		t.Errorf("lease %v; want less than two minutes", LeaseTTL)
	}
}

func TestWindow(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	note := func(w *window, after time.Duration, channel int64, signature string) bool {
		return w.note(attemptNote{at: at.Add(after), app: "a", channel: channel, signature: signature})
	}
	t.Run("five channels", func(t *testing.T) {
		var w window
		for i := range int64(5) {
			if got, want := note(&w, 0, i, "app/100"), i == 4; got != want {
				t.Errorf("failure of channel %d closes the brake: %t; want %t", i, got, want)
			}
		}
	})
	t.Run("one channel many times", func(t *testing.T) {
		var w window
		for range 50 {
			if note(&w, 0, 1, "app/100") {
				t.Fatal("one channel alone closed the brake")
			}
		}
	})
	t.Run("five of many", func(t *testing.T) {
		var w window
		for i := range int64(100) {
			note(&w, 0, i, "")
		}
		for i := range int64(5) {
			if note(&w, 0, i, "app/100") {
				t.Fatal("5 of 105 attempts closed the brake; want at least a fifth")
			}
		}
	})
	t.Run("different signatures", func(t *testing.T) {
		var w window
		for i := range int64(8) {
			if note(&w, 0, i, []string{"app/100", "app/200"}[i%2]) {
				t.Fatal("four failures each of two kinds closed the brake")
			}
		}
	})
	t.Run("spread over time", func(t *testing.T) {
		var w window
		for i := range int64(20) {
			if note(&w, time.Duration(i)*3*time.Minute, i, "app/100") {
				t.Fatal("failures minutes apart closed the brake")
			}
		}
	})
}
