package transfer_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strconv"
	"testing"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/internal/transfer"
)

// A mill makes a file as it is read, row by row.
type mill struct {
	row  func(b []byte, n int) []byte // appends row n
	rows int
	n    int
	buf  []byte
	rest []byte
}

func (m *mill) Read(p []byte) (int, error) {
	if len(m.rest) == 0 {
		if m.n > m.rows {
			return 0, io.EOF
		}
		m.buf = m.row(m.buf[:0], m.n)
		m.rest = m.buf
		m.n++
	}
	n := copy(p, m.rest)
	m.rest = m.rest[n:]
	return n, nil
}

// filling makes tokens as long as real ones.
const filling = "IGQWRtokenAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

func csvMill(rows int) *mill {
	return &mill{rows: rows, row: func(b []byte, n int) []byte {
		if n == 0 {
			return append(b, "id,username,account_id,token_kind,issued_at,expires_at,tenant,access_token\n"...)
		}
		b = strconv.AppendInt(b, int64(n), 10)
		b = append(b, ",shop,"...)
		b = strconv.AppendInt(b, 17841400000000000+int64(n), 10)
		b = append(b, ",long,2027-01-01 10:00:00+00,2027-03-02T10:00:00Z,acme,"+filling...)
		b = strconv.AppendInt(b, int64(n), 10)
		return append(b, '\n')
	}}
}

func ndjsonMill(rows int) *mill {
	return &mill{rows: rows, row: func(b []byte, n int) []byte {
		if n == 0 {
			return append(b, '\n')
		}
		b = append(b, `{"id":`...)
		b = strconv.AppendInt(b, int64(n), 10)
		b = append(b, `,"username":"shop","account_id":"`...)
		b = strconv.AppendInt(b, 17841400000000000+int64(n), 10)
		b = append(b, `","token_kind":"long","expires_at":"2027-03-02T10:00:00Z","tenant":"acme","access_token":"`+filling...)
		b = strconv.AppendInt(b, int64(n), 10)
		return append(b, "\"}\n"...)
	}}
}

// A sink counts rows and, every so often, the live heap.
type sink struct {
	rows, batches int
	peak          uint64
	measure       bool
	out           []evergrant.ImportOutcome
}

func (s *sink) Import(_ context.Context, rows []evergrant.Incoming) ([]evergrant.ImportOutcome, error) {
	s.rows += len(rows)
	s.batches++
	if s.measure && s.batches%20 == 0 {
		s.peak = max(s.peak, liveHeap())
	}
	s.out = s.out[:0]
	for _, r := range rows {
		s.out = append(s.out, evergrant.ImportOutcome{Row: r.Row, Verdict: evergrant.ImportCreated})
	}
	return s.out, nil
}

func (s *sink) Preview(ctx context.Context, rows []evergrant.Incoming) ([]evergrant.ImportOutcome, error) {
	return s.Import(ctx, rows)
}

func liveHeap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// The live heap stays at a few batches, however many rows there are.
func TestImportMemory(t *testing.T) {
	const rows, most = 200_000, 16 << 20
	for _, tt := range []struct {
		name string
		file io.Reader
	}{
		{"csv", csvMill(rows)},
		{"ndjson", ndjsonMill(rows)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := liveHeap()
			s := &sink{measure: true}
			if _, err := transfer.Import(t.Context(), tt.file, transfer.ImportOptions{}, s, nil); err != nil {
				t.Fatal(err)
			}
			if s.rows != rows || s.peak > before+most {
				t.Errorf("got %d rows, heap %d after %d; want %d rows, at most %d more", s.rows, s.peak, before, rows, most)
			}
		})
	}
}

// flood is one endless line; taken counts what was read of it.
type flood struct{ taken int }

func (f *flood) Read(p []byte) (int, error) {
	const gigabyte = 1 << 30
	if f.taken >= gigabyte {
		return 0, io.EOF
	}
	for i := range p {
		p[i] = 'x'
	}
	f.taken += len(p)
	return len(p), nil
}

// A line of a gigabyte is refused after the limit, not after the gigabyte.
func TestImportEndlessLine(t *testing.T) {
	before := liveHeap()
	f := &flood{}
	_, err := transfer.Import(t.Context(), f, transfer.ImportOptions{}, &sink{}, nil)
	if !errors.Is(err, transfer.ErrLineTooLong) {
		t.Errorf("got %v; want ErrLineTooLong", err)
	}
	if f.taken > 4<<20 {
		t.Errorf("got %d bytes read; want at most 4 MiB", f.taken)
	}
	if after := liveHeap(); after > before+8<<20 {
		t.Errorf("got heap %d after %d; want at most 8 MiB more", after, before)
	}
}

// pour is a source of n channels that exist only while they are looked at.
type pour int64

func (p pour) List(_ context.Context, f evergrant.Filter) ([]evergrant.Channel, error) {
	var page []evergrant.Channel
	for id := f.After + 1; id <= int64(p) && len(page) < f.Limit; id++ {
		page = append(page, evergrant.Channel{ID: id, Username: "shop"})
	}
	return page, nil
}

func (p pour) Held(_ context.Context, id int64) (evergrant.Held, error) {
	return evergrant.Held{Channel: evergrant.Channel{ID: id}, Value: evergrant.NewSecret(filling + strconv.FormatInt(id, 10))}, nil
}

func TestExportMemory(t *testing.T) {
	const rows, most = 30_000, 8 << 20
	before, peak := liveHeap(), uint64(0)
	n, err := transfer.Export(t.Context(), io.Discard, transfer.ExportOptions{WithTokens: true, Progress: func(n int64) {
		if n%5_000 == 0 {
			peak = max(peak, liveHeap())
		}
	}}, pour(rows))
	if err != nil || n != rows || peak > before+most {
		t.Errorf("got %d, %v, heap %d after %d; want %d, at most %d more", n, err, peak, before, rows, most)
	}
}

func BenchmarkImport(b *testing.B) {
	for _, bb := range []struct {
		name string
		file func(int) *mill
	}{
		{"csv", csvMill},
		{"ndjson", ndjsonMill},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			if _, err := transfer.Import(b.Context(), bb.file(b.N), transfer.ImportOptions{}, &sink{}, nil); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
