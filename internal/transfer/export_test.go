package transfer_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/internal/transfer"
)

// A shelf is a source of channels in ascending order of id.
type shelf struct {
	held    []evergrant.Held
	gone    int64 // an id that disappears after it was listed
	listErr error
	heldErr error
	opened  int // calls of Held
	most    int // largest page asked for
}

func (s *shelf) List(_ context.Context, f evergrant.Filter) ([]evergrant.Channel, error) {
	if s.listErr != nil {
		return nil, s.listErr
	}
	s.most = max(s.most, f.Limit)
	var page []evergrant.Channel
	for _, h := range s.held {
		if h.ID > f.After && (f.Tenant == "" || f.Tenant == h.Tenant) && len(page) < f.Limit {
			page = append(page, h.Channel)
		}
	}
	return page, nil
}

func (s *shelf) Held(_ context.Context, id int64) (evergrant.Held, error) {
	s.opened++
	if s.heldErr != nil {
		return evergrant.Held{}, s.heldErr
	}
	i, ok := slices.BinarySearchFunc(s.held, id, func(h evergrant.Held, id int64) int { return cmp.Compare(h.ID, id) })
	if !ok || id == s.gone {
		return evergrant.Held{}, evergrant.ErrNotFound
	}
	return s.held[i], nil
}

// twoChannels are a connected and a disconnected channel.
func twoChannels() []evergrant.Held {
	at := time.Date(2027, 1, 22, 10, 0, 0, 0, time.UTC)
	return []evergrant.Held{
		{Value: evergrant.NewSecret(planted), Channel: evergrant.Channel{
			ID: 1, Tenant: "=cmd", AccountID: "17841405309211844", Username: "acme", Locale: "fa", Status: evergrant.Connected,
			TokenKind: evergrant.LongLived, IssuedAt: at, ExpiresAt: at.Add(60*24*time.Hour + 123*time.Millisecond),
			ExpirySource: evergrant.FromProvider, CreatedAt: at, UpdatedAt: at,
		}},
		{Channel: evergrant.Channel{ID: 5, Tenant: "a \"b\", <c>", Username: "gone", Status: evergrant.Disconnected, TokenKind: evergrant.UnknownKind}},
	}
}

func TestExport(t *testing.T) {
	const (
		head   = "id,tenant,account_id,app_scoped_id,username,contact,locale,status,token_kind,issued_at,expires_at,expiry_source,refreshed_at,created_at,updated_at"
		first  = "1,'=cmd,17841405309211844,,acme,,fa,connected,long,2027-01-22T10:00:00Z,2027-03-23T10:00:00.123Z,provider,,2027-01-22T10:00:00Z,2027-01-22T10:00:00Z"
		second = `5,"a ""b"", <c>",,,gone,,,disconnected,unknown,,,,,,`
		object = `{"id":1,"tenant":"=cmd","account_id":"17841405309211844","app_scoped_id":"","username":"acme","contact":"","locale":"fa","status":"connected",` +
			`"token_kind":"long","issued_at":"2027-01-22T10:00:00Z","expires_at":"2027-03-23T10:00:00.123Z","expiry_source":"provider","refreshed_at":null,` +
			`"created_at":"2027-01-22T10:00:00Z","updated_at":"2027-01-22T10:00:00Z"`
		other = `{"id":5,"tenant":"a \"b\", <c>","account_id":"","app_scoped_id":"","username":"gone","contact":"","locale":"","status":"disconnected",` +
			`"token_kind":"unknown","issued_at":null,"expires_at":null,"expiry_source":"","refreshed_at":null,"created_at":null,"updated_at":null}`
	)
	for _, tt := range []struct {
		name string
		opts transfer.ExportOptions
		want string
		open int
	}{
		{"csv", transfer.ExportOptions{Format: transfer.CSV}, head + "\n" + first + "\n" + second + "\n", 0},
		{
			"csv with tokens",
			transfer.ExportOptions{Format: transfer.CSV, WithTokens: true},
			head + ",access_token\n" + first + "," + planted + "\n" + second + ",\n", 2,
		},
		{"ndjson", transfer.ExportOptions{}, object + "}\n" + other + "\n", 0},
		{"ndjson with tokens", transfer.ExportOptions{Format: transfer.NDJSON, WithTokens: true}, object + `,"access_token":"` + planted + "\"}\n" + other + "\n", 2},
		{"one tenant", transfer.ExportOptions{Tenant: "=cmd"}, object + "}\n", 0},
		{"no channel", transfer.ExportOptions{Format: transfer.CSV, Tenant: "nobody"}, head + "\n", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			src := &shelf{held: twoChannels()}
			var out bytes.Buffer
			n, err := transfer.Export(t.Context(), &out, tt.opts, src)
			lines := int64(strings.Count(tt.want, "\n"))
			if tt.opts.Format == transfer.CSV {
				lines--
			}
			if err != nil || n != lines || out.String() != tt.want {
				t.Errorf("got %d, %v,\n%s\nwant %d,\n%s", n, err, out.String(), lines, tt.want)
			}
			if src.opened != tt.open {
				t.Errorf("got %d tokens opened; want %d", src.opened, tt.open)
			}
		})
	}
}

func TestExportPages(t *testing.T) {
	src := &shelf{gone: 700}
	for id := range int64(1200) {
		src.held = append(src.held, evergrant.Held{Channel: evergrant.Channel{ID: id + 1}})
	}
	var out bytes.Buffer
	var progress []int64
	n, err := transfer.Export(t.Context(), &out, transfer.ExportOptions{
		WithTokens: true, Progress: func(n int64) { progress = append(progress, n) },
	}, src)
	if err != nil || n != 1199 || strings.Count(out.String(), "\n") != 1199 {
		t.Errorf("got %d, %v; want 1199: the one that disappeared is left out", n, err)
	}
	if want := []int64{500, 999, 1199}; !slices.Equal(progress, want) || src.most != 500 {
		t.Errorf("got progress %v, page %d; want %v, 500", progress, src.most, want)
	}
}

// A fullDisk takes left bytes.
type fullDisk struct{ left int }

var errFull = errors.New("no space left on device")

func (f *fullDisk) Write(p []byte) (int, error) {
	if len(p) > f.left {
		return 0, errFull
	}
	f.left -= len(p)
	return len(p), nil
}

func TestExportFails(t *testing.T) {
	boom := errors.New("database is gone")
	many := &shelf{}
	for id := range int64(2000) {
		many.held = append(many.held, evergrant.Held{Channel: evergrant.Channel{ID: id + 1, Username: "someone"}})
	}
	for _, tt := range []struct {
		name string
		src  *shelf
		opts transfer.ExportOptions
		left int
		want error
		says string
	}{
		{"list", &shelf{listErr: boom}, transfer.ExportOptions{}, 1 << 20, boom, "after id 0"},
		{"held", &shelf{held: twoChannels(), heldErr: boom}, transfer.ExportOptions{WithTokens: true}, 1 << 20, boom, "export channel 1"},
		{"disk full at the end", &shelf{held: twoChannels()}, transfer.ExportOptions{}, 10, errFull, "write export"},
		{"disk full within NDJSON", many, transfer.ExportOptions{}, 10, errFull, "write export"},
		{"disk full within CSV", many, transfer.ExportOptions{Format: transfer.CSV}, 10, errFull, "write export"},
		{"unknown format", many, transfer.ExportOptions{Format: "xml"}, 1 << 20, transfer.ErrFormat, "csv or ndjson"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := transfer.Export(t.Context(), &fullDisk{tt.left}, tt.opts, tt.src)
			if !errors.Is(err, tt.want) || !strings.Contains(fmt.Sprint(err), tt.says) || strings.Contains(fmt.Sprint(err), "\n") {
				t.Errorf("got %v; want %v with %q", err, tt.want, tt.says)
			}
		})
	}
}
