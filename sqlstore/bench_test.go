package sqlstore_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/sqlstore"
)

// fill imports n connected channels, due times spread so that the first due are due now.
func fill(b testing.TB, s *sqlstore.Store, n, due int, now time.Time) {
	b.Helper()
	const batch = 1000
	for first := 0; first < n; first += batch {
		rows := make([]evergrant.Incoming, 0, batch)
		for i := first; i < min(n, first+batch); i++ {
			h := sample(fmt.Sprintf("17841%012d", i*7919%1_000_000_007))
			h.Tenant, h.Username = fmt.Sprint("tenant-", i%1000), fmt.Sprint("user.", i)
			h.IssuedAt, h.ExpiresAt, h.NextAttemptAt = now, now.AddDate(0, 0, 60), now.Add(time.Duration(1+i)*time.Minute)
			h.Value = evergrant.NewSecret(fmt.Sprintf("IGAAJ%0150d", i)) // as long as real ones
			h.Imported = h.Value.Fingerprint()
			if i < due {
				h.NextAttemptAt = now
			}
			rows = append(rows, evergrant.Incoming{Row: int64(i), Held: h})
		}
		_, err := s.Import(b.Context(), rows, func(_ *evergrant.Held, in evergrant.Incoming) evergrant.ImportOutcome {
			return evergrant.ImportOutcome{
				Verdict: evergrant.ImportCreated, Held: in.Held, Event: evergrant.Event{Type: evergrant.EventImported},
			}
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func benchOnBoth(b *testing.B, bench func(b *testing.B, p place)) {
	for _, p := range places() {
		b.Run(p.name, func(b *testing.B) { bench(b, p) })
	}
}

// BenchmarkDue must not depend on how many channels exist.
func BenchmarkDue(b *testing.B) {
	benchOnBoth(b, func(b *testing.B, p place) {
		for _, n := range []int{10_000, 1_000_000} {
			b.Run(fmt.Sprintf("100 of %d", n), func(b *testing.B) {
				if n > 10_000 && testing.Short() {
					b.Skip("long")
				}
				now := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
				s := mustUnlock(b, p.url(b), newKeyring(b))
				fill(b, s, n, 100, now)
				for b.Loop() {
					due, err := s.Due(b.Context(), now, 1000)
					if err != nil || len(due) != 100 {
						b.Fatalf("Due = %d, %v; want 100", len(due), err)
					}
				}
			})
		}
	})
}

// BenchmarkImport reports rows per second of 100,000 new rows, in batches of 1000.
func BenchmarkImport(b *testing.B) {
	benchOnBoth(b, func(b *testing.B, p place) {
		const rows = 100_000
		for b.Loop() {
			s := mustUnlock(b, p.url(b), newKeyring(b))
			fill(b, s, rows, 0, time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC))
		}
		b.ReportMetric(float64(b.N*rows)/b.Elapsed().Seconds(), "rows/s")
	})
}

// BenchmarkAcquireCommit is a sweep's load on the store: 64 workers, 10,000 channels,
// and two transactions for each.
func BenchmarkAcquireCommit(b *testing.B) {
	benchOnBoth(b, func(b *testing.B, p place) {
		const channels, workers = 10_000, 64
		s := mustUnlock(b, p.url(b), newKeyring(b))
		fill(b, s, channels, channels, time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC))
		for b.Loop() {
			ids := make(chan int64)
			var wg sync.WaitGroup
			for range workers {
				wg.Go(func() {
					for id := range ids {
						l, h, err := s.Acquire(b.Context(), id, "bench", time.Minute)
						if err != nil {
							b.Error(err)
							continue
						}
						h.Value = evergrant.NewSecret(h.Value.Reveal() + "x")
						if _, err := s.Commit(b.Context(), l, h, evergrant.Event{Type: evergrant.EventRefreshed}); err != nil {
							b.Error(err)
						}
					}
				})
			}
			for id := range int64(channels) {
				ids <- id + 1
			}
			close(ids)
			wg.Wait()
		}
		b.ReportMetric(float64(b.N*channels*2)/b.Elapsed().Seconds(), "tx/s")
	})
}
