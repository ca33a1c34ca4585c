package bench_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/meta"
)

// What a sweep works through.
const (
	sweepChannels = 10_000
	sweepLatency  = 50 * time.Millisecond
	sweepInFlight = 64
	sweepAtOnce   = sweepInFlight * 3 / 2 // channels: the database works for some while Meta answers the others
	sweepGoal     = 1.15                  // of the time that the latency alone takes
)

// BenchmarkSweep measures `auto-refresh` over 10,000 due channels against a simulator
// in another process that answers after 50 ms, with 64 calls in flight: the engine
// alone, on an open database and with 96 channels at once, and the whole command as it
// is set up. Its yardsticks are the ideal, which is the latency alone, and a bare HTTP
// client that makes the same calls and stores nothing. Each turn has a database and a
// simulator of its own, all alike.
func BenchmarkSweep(b *testing.B) {
	f := newSweepFleet(b, sweepChannels)
	ideal := sweepLatency * sweepChannels / sweepInFlight
	var engine, command, bare spending
	turns(b, 3, func() {
		engine.add(f.engine(b))
		command.add(f.command(b))
		bare.add(f.bare(b))
	})
	for _, s := range []struct {
		what  string
		unit  string
		spent spending
	}{{"sweep of 10,000, the engine", "engine", engine}, {"sweep of 10,000, the command", "command", command}} {
		over := s.spent.wall.median() / ideal.Seconds()
		b.ReportMetric(s.spent.wall.median(), "s/"+s.unit)
		b.ReportMetric(over, "x/ideal-"+s.unit)
		b.ReportMetric(s.spent.wall.ratio(bare.wall), "x/bare-"+s.unit)
		b.ReportMetric(s.spent.cpu.median(), "cpu-µs/"+s.unit+"-refresh")
		note(line{
			what: s.what, number: fmt.Sprintf("%.2f s (%s), CPU %.0f µs a refresh", s.spent.wall.median(), s.spent.wall.spread("s"), s.spent.cpu.median()),
			yardstick: fmt.Sprintf("ideal: %.4f s", ideal.Seconds()), ratio: over,
			goal: fmt.Sprintf("ratio ≤ %g", sweepGoal), met: over <= sweepGoal,
		})
		note(line{
			what: s.what, number: fmt.Sprintf("%.2f s", s.spent.wall.median()),
			yardstick: fmt.Sprintf("bare client: %.2f s, CPU %.0f µs a call", bare.wall.median(), bare.cpu.median()), ratio: s.spent.wall.ratio(bare.wall),
		})
	}
}

// A spending is the cost of a sweep, turn by turn.
type spending struct {
	wall samples // seconds
	cpu  samples // microseconds for each channel
}

func (s *spending) add(c cost) {
	s.wall = append(s.wall, c.wall.Seconds())
	s.cpu = append(s.cpu, float64(c.cpu)/float64(time.Microsecond)/sweepChannels)
}

// A sweepFleet is a state directory to be copied, and the scenario of a simulator that
// knows its tokens.
type sweepFleet struct {
	state    string
	scenario string
	tokens   []issuedToken
}

func newSweepFleet(tb testing.TB, channels int) *sweepFleet {
	tb.Helper()
	f := &sweepFleet{state: filepath.Join(tb.TempDir(), "state"), scenario: filepath.Join(tb.TempDir(), "scenario.json")}
	writeJSON(tb, f.scenario, map[string]any{
		"seed":   1,
		"tokens": []any{map[string]any{"kind": "long", "age": "56d", "count": channels}},
		"faults": []any{map[string]any{"kind": "latency", "endpoint": "refresh", "latency": sweepLatency.String()}},
	})
	s := startSimulator(tb, f.scenario)
	f.tokens = s.tokens(tb)
	s.stop(tb)
	if len(f.tokens) != channels {
		tb.Fatalf("the simulator has %d tokens; want %d", len(f.tokens), channels)
	}
	rows := filepath.Join(tb.TempDir(), "tokens.ndjson")
	file, err := os.OpenFile(rows, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		tb.Fatal(err)
	}
	out := json.NewEncoder(file)
	for _, t := range f.tokens {
		if err := out.Encode(t); err != nil {
			tb.Fatal(err)
		}
	}
	if err := file.Close(); err != nil {
		tb.Fatal(err)
	}
	if _, err := run(tb.Context(), environment(f.state), nil, must(tb, shared.binary), "import", "--quiet", rows); err != nil {
		tb.Fatal(err)
	}
	return f
}

// fresh copies the state, for one turn. Its files are for their owner alone, or the
// program would refuse the keyset.
func (f *sweepFleet) fresh(tb testing.TB) string {
	tb.Helper()
	state := tb.TempDir()
	entries, err := os.ReadDir(f.state)
	if err != nil {
		tb.Fatal(err)
	}
	for _, entry := range entries {
		data, err := os.ReadFile(filepath.Join(f.state, entry.Name()))
		if err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(state, entry.Name()), data, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return state
}

// engine sweeps with a Keeper of this process.
func (f *sweepFleet) engine(tb testing.TB) cost {
	tb.Helper()
	s := startSimulator(tb, f.scenario)
	defer s.stop(tb)
	client, err := meta.New(meta.Config{GraphURL: s.URL, Concurrency: sweepInFlight, Rate: -1})
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = client.Close() }() // only its idle connections
	store := openStore(tb, f.fresh(tb))
	keeper, err := evergrant.New(evergrant.Config{Store: store, Provider: client})
	if err != nil {
		tb.Fatal(err)
	}
	var report evergrant.Report
	spent := spend(func() {
		report, err = keeper.Run(tb.Context(), evergrant.Job{
			Command: evergrant.CommandAutoRefresh, Within: 7 * 24 * time.Hour, Concurrency: sweepAtOnce,
		})
	})
	if err != nil {
		tb.Fatal(err)
	}
	f.check(tb, report.Summary)
	return spent
}

// command sweeps with the program.
func (f *sweepFleet) command(tb testing.TB) cost {
	tb.Helper()
	s := startSimulator(tb, f.scenario)
	defer s.stop(tb)
	out, err := os.Create(filepath.Join(tb.TempDir(), "report.json"))
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = out.Close() }() // what matters is read back below
	env := environment(f.fresh(tb), append(s.Settings, fmt.Sprintf("EVERGRANT_CONCURRENCY=%d", sweepInFlight), "EVERGRANT_RATE=100000")...)
	spent, err := run(tb.Context(), env, out, must(tb, shared.binary), "auto-refresh", "--output", "json")
	if err != nil {
		tb.Fatal(err)
	}
	data, err := os.ReadFile(out.Name())
	if err != nil {
		tb.Fatal(err)
	}
	var report struct{ Summary evergrant.Summary }
	if err := json.Unmarshal(data, &report); err != nil {
		tb.Fatal(err)
	}
	f.check(tb, report.Summary)
	return spent
}

// check makes sure that what was measured is the whole work.
func (f *sweepFleet) check(tb testing.TB, got evergrant.Summary) {
	tb.Helper()
	n := len(f.tokens)
	if want := (evergrant.Summary{Channels: n, Refreshed: n}); got != want {
		tb.Fatalf("got %+v; want %+v", got, want)
	}
}

// spend runs fn in this process and returns what it took.
func spend(fn func()) cost {
	before := cpuTime()
	wall := timed(fn)
	return cost{wall: wall, cpu: cpuTime() - before}
}

func writeJSON(tb testing.TB, path string, v any) {
	tb.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		tb.Fatal(err)
	}
}
