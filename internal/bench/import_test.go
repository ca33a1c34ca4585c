package bench_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// peakGoal is how much memory an import may take, however long the file.
const peakGoal = 100 << 20

// BenchmarkImport measures the import of a million rows into a new database by the
// program, with its checks, sealing, indexes and history. Its yardstick is the sqlite3
// shell, which puts the same file into a table without any of that. The first turn
// is the import that made the fleet; it is the only one unless -benchtime asks for more,
// since it is long enough to speak for itself.
func BenchmarkImport(b *testing.B) {
	fleet := must(b, shared.fleet)
	shell, err := exec.LookPath("sqlite3")
	if err != nil {
		b.Log("no yardstick: the sqlite3 shell is not installed (Debian: apt-get install sqlite3)")
		shell = ""
	}
	var ours, plain samples // seconds
	var peak, cpu samples   // MiB, microseconds for each row
	turn := 0
	turns(b, 1, func() {
		spent := fleet.cost
		if turn > 0 {
			state := filepath.Join(b.TempDir(), "import")
			if spent, err = importCSV(fleet.csv, state); err != nil {
				b.Fatal(err)
			}
			removeAll(b, state)
		}
		turn++
		ours = append(ours, spent.wall.Seconds())
		cpu = append(cpu, float64(spent.cpu.Microseconds())/float64(fleet.rows))
		peak = append(peak, float64(spent.peak)/(1<<20))
		if shell != "" {
			plain = append(plain, shellImport(b, shell, fleet.csv).wall.Seconds())
		}
	})
	rows := float64(fleet.rows)
	b.ReportMetric(rows/ours.median(), "rows/s")
	b.ReportMetric(cpu.median(), "cpu-µs/row")
	b.ReportMetric(peak.median(), "peak-MiB")
	yardstick := "sqlite3 .import: not installed"
	if shell != "" {
		b.ReportMetric(ours.ratio(plain), "x/sqlite3-import")
		yardstick = fmt.Sprintf("sqlite3 .import: %.0f rows/s", rows/plain.median())
	}
	note(line{
		what:   "import of 1,000,000 rows",
		number: fmt.Sprintf("%.0f rows/s, %.1f s, CPU %.0f µs a row", rows/ours.median(), ours.median(), cpu.median()), yardstick: yardstick, ratio: ours.ratio(plain),
	})
	if peak.median() > 0 {
		note(line{
			what: "its peak memory", number: fmt.Sprintf("%.0f MiB", peak.median()), yardstick: fmt.Sprintf("size of the file: %.0f MiB", sizeOf(b, fleet.csv)/(1<<20)),
			goal: fmt.Sprintf("≤ %d MiB", peakGoal>>20), met: peak.median() <= peakGoal>>20,
		})
	}
}

// shellImport has the sqlite3 shell put a CSV file into a new table of text.
func shellImport(b *testing.B, shell, csv string) cost {
	b.Helper()
	database := filepath.Join(b.TempDir(), "plain.db")
	spent, err := run(b.Context(), environment(b.TempDir()), nil, shell, "-bail", database, ".mode csv", ".import '"+csv+"' plain")
	if err != nil {
		b.Fatal(err)
	}
	removeAll(b, database)
	return spent
}

func removeAll(tb testing.TB, path string) {
	tb.Helper()
	if err := os.RemoveAll(path); err != nil {
		tb.Fatal(err)
	}
}

func sizeOf(tb testing.TB, path string) float64 {
	tb.Helper()
	info, err := os.Stat(path)
	if err != nil {
		tb.Fatal(err)
	}
	return float64(info.Size())
}
