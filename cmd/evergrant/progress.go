package main

import (
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// A statusLine is a progress bar at the bottom of the terminal, shared with the log:
// a log line wipes it out, and the next step draws it again.
type statusLine struct {
	mu  sync.Mutex
	bar *progressbar.ProgressBar
}

// progress draws a bar on standard error while long work goes on. On anything but a
// terminal, and with --quiet, it draws nothing. total below 0: unknown. The caller
// calls done at the end.
func (a *app) progress(what string, total int64, options ...progressbar.Option) (set func(n int64), done func()) {
	if _, ok := terminal(a.errOut); !ok || a.quiet {
		return func(int64) {}, func() {}
	}
	options = append([]progressbar.Option{
		progressbar.OptionSetWriter(a.errOut),
		progressbar.OptionSetDescription(what),
		progressbar.OptionThrottle(65 * time.Millisecond),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionShowCount(),
		progressbar.OptionUseANSICodes(true),
	}, options...)
	line := &statusLine{bar: progressbar.NewOptions64(total, options...)}
	a.status.Store(line)
	set = func(n int64) {
		line.mu.Lock()
		defer line.mu.Unlock()
		_ = line.bar.Set64(n) // a bar that cannot be drawn is no reason to stop
	}
	done = func() {
		line.mu.Lock()
		defer line.mu.Unlock()
		_ = line.bar.Finish()
		_ = line.bar.Clear()
		a.status.CompareAndSwap(line, nil) // the log has the terminal to itself again
	}
	return set, done
}

// counter adapts set to the progress of a run, whose total is known only then.
func (a *app) counter(what string) (step func(done, total int), end func()) {
	var set func(int64)
	finish := func() {}
	step = func(done, total int) {
		if set == nil {
			set, finish = a.progress(what, int64(total))
		}
		set(int64(done))
	}
	return step, func() { finish() }
}

// logWriter is standard error as the log sees it.
type logWriter struct{ a *app }

var _ io.Writer = logWriter{}

// Write puts a log line where the progress bar stands.
func (w logWriter) Write(p []byte) (int, error) {
	if line := w.a.status.Load(); line != nil {
		line.mu.Lock()
		defer line.mu.Unlock()
		_ = line.bar.Clear()
	}
	return w.a.errOut.Write(p)
}
