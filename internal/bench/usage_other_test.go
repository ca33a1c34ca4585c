//go:build !linux

package bench_test

import (
	"os"
	"time"
)

// peakOf is known on Linux only: elsewhere its unit differs, or there is none.
func peakOf(*os.ProcessState) int64 { return 0 }

// cpuTime is known on Linux only.
func cpuTime() time.Duration { return 0 }
