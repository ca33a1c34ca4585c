package bench_test

import (
	"path/filepath"
	"testing"
	"time"
)

// A benchmark that no longer works is noticed by nobody until it is needed: here each
// job is done once at a small size, with the checks that the benchmarks make.
func TestJobsAtSmallSize(t *testing.T) {
	t.Run("sweep", func(t *testing.T) {
		f := newSweepFleet(t, 100)
		for name, sweep := range map[string]func(testing.TB) cost{"engine": f.engine, "command": f.command, "bare": f.bare} {
			if spent := sweep(t); spent.wall < sweepLatency {
				t.Errorf("%s took %v; want no less than one answer's %v", name, spent.wall, sweepLatency)
			}
		}
	})
	t.Run("import and due", func(t *testing.T) {
		f, err := newFleet("small", 1000)
		if err != nil {
			t.Fatal(err)
		}
		if f.cost.wall <= 0 {
			t.Errorf("the import took %v; want more than nothing", f.cost.wall)
		}
		found, err := openStore(t, f.state).Due(t.Context(), time.Now(), 1000)
		if err != nil || len(found) != dueOnes {
			t.Errorf("got %d due channels, error %v; want %d", len(found), err, dueOnes)
		}
		if again, err := importCSV(f.csv, filepath.Join(t.TempDir(), "again")); err != nil || again.wall <= 0 {
			t.Errorf("got %+v, error %v from a second import; want a cost", again, err)
		}
	})
}
