package bench_test

import (
	"bytes"
	"fmt"
	"os/exec"
	"testing"
	"time"
)

const startGoal = 100.0 // milliseconds

// BenchmarkStart measures `evergrant status --channel-id 1` over a million channels as
// a whole process, from its start to its end. Its yardsticks are `evergrant version`,
// which does nothing, and the sqlite3 shell with the same row.
func BenchmarkStart(b *testing.B) {
	fleet, binary := must(b, shared.fleet), must(b, shared.binary)
	shell, err := exec.LookPath("sqlite3")
	if err != nil {
		b.Log("no second yardstick: the sqlite3 shell is not installed (Debian: apt-get install sqlite3)")
		shell = ""
	}
	env := environment(fleet.state)
	start := func(want, name string, args ...string) cost {
		var out bytes.Buffer
		spent, err := run(b.Context(), env, &out, name, args...)
		if err != nil {
			b.Fatal(err)
		}
		if !bytes.Contains(out.Bytes(), []byte(want)) {
			b.Fatalf("%s %v printed %q; want %q in it", name, args, out.String(), want)
		}
		return spent
	}
	var ours, nothing, plain samples // milliseconds
	turns(b, 20, func() {
		ours.add(start("shop1", binary, "status", "--channel-id", "1").wall, time.Millisecond)
		nothing.add(start("evergrant", binary, "version").wall, time.Millisecond)
		if shell != "" {
			plain.add(start("shop1", shell, "-readonly", fleet.database(), "select * from channels where id = 1").wall, time.Millisecond)
		}
	})
	b.ReportMetric(ours.median(), "ms/status")
	b.ReportMetric(nothing.median(), "ms/version")
	b.ReportMetric(ours.ratio(nothing), "x/version")
	l := line{
		what: "status --channel-id 1 of 1,000,000", number: fmt.Sprintf("%.1f ms", ours.median()),
		yardstick: fmt.Sprintf("evergrant version: %.1f ms", nothing.median()), ratio: ours.ratio(nothing),
		goal: fmt.Sprintf("≤ %g ms", startGoal), met: ours.median() <= startGoal,
	}
	note(l)
	if shell != "" {
		b.ReportMetric(ours.ratio(plain), "x/sqlite3")
		l.yardstick, l.ratio, l.goal = fmt.Sprintf("sqlite3 shell, the same row: %.1f ms", plain.median()), ours.ratio(plain), ""
		note(l)
	}
}
