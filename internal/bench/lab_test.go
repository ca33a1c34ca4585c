package bench_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/evergrant/evergrant/internal/pgtest"
)

// The sizes that the goals speak of.
const (
	million = 1_000_000
	few     = 10_000
	dueOnes = 100
)

// shared is what the benchmarks of one run have in common. Each part is made when it
// is first asked for, and all of it is removed at the end.
var shared struct {
	dir    func() (string, error)
	binary func() (string, error)
	fleet  func() (*fleet, error) // a million channels
	small  func() (*fleet, error) // ten thousand
}

func TestMain(m *testing.M) {
	shared.dir = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "evergrant-bench") })
	shared.binary = sync.OnceValues(build)
	shared.fleet = sync.OnceValues(func() (*fleet, error) { return newFleet("million", million) })
	shared.small = sync.OnceValues(func() (*fleet, error) { return newFleet("few", few) })
	code := pgtest.Run(m)
	if err := errors.Join(printTable(os.Stdout), clean()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

func clean() error {
	dir, err := shared.dir()
	if err != nil {
		return err
	}
	return os.RemoveAll(dir)
}

// build makes the program as `make build` does.
func build() (string, error) {
	dir, err := shared.dir()
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "evergrant")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, "../../cmd/evergrant")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return binary, nil
}

// must is for the shared parts: without them there is nothing to measure.
func must[T any](tb testing.TB, get func() (T, error)) T {
	tb.Helper()
	v, err := get()
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// A cost is what one process has used from its start to its end.
type cost struct {
	wall time.Duration
	cpu  time.Duration // user and system
	peak int64         // bytes of memory; 0: not known
}

// run runs a program to its end. Its output goes to out, nil: nowhere; its complaints
// are part of the error.
func run(ctx context.Context, env []string, out io.Writer, name string, args ...string) (cost, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = env
	cmd.Stdout = out
	var said tail
	cmd.Stderr = &said
	var err error
	wall := timed(func() { err = cmd.Run() })
	if err != nil {
		return cost{}, fmt.Errorf("%s %v: %w\n%s", filepath.Base(name), args, err, said.text)
	}
	state := cmd.ProcessState
	return cost{wall: wall, cpu: state.UserTime() + state.SystemTime(), peak: peakOf(state)}, nil
}

// A tail keeps the last of what is written to it: ten thousand lines of log are of no
// use in an error.
type tail struct{ text []byte }

const tailBytes = 4096

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	if extra := len(t.text) - tailBytes; extra > 0 {
		t.text = append(t.text[:0], t.text[extra:]...)
	}
	return len(p), nil
}

// environment is that of a process with its own state and no other settings.
func environment(state string, more ...string) []string {
	return append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + state, "EVERGRANT_STATE_DIR=" + state}, more...)
}
