package bench_test

import (
	"os"
	"syscall"
	"time"
)

// peakOf is the most memory that a finished process has held, in bytes. Linux counts
// what the parent held when it started the process, so it is never too low.
func peakOf(state *os.ProcessState) int64 {
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		return usage.Maxrss * 1024
	}
	return 0
}

// cpuTime is what this process has used up to now, user and system.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
