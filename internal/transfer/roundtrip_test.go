package transfer_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/internal/transfer"
)

// texts draws values as they stand in a store: trimmed, not a word for "none". Signs that CSV
// and spreadsheets care about are frequent.
func texts(limit int) *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.Just(""),
		rapid.StringMatching(`[=+@'"-]{1,3}[a-z,;"']{0,8}[a-z'"]`),
		rapid.StringMatching(`[a-zشرکت][a-z ,;"'@.شرکت-]{0,20}[a-zت]`),
	).Filter(func(s string) bool { return len(s) <= limit && s != "null" })
}

func channels() *rapid.Generator[evergrant.Held] {
	return rapid.Custom(func(t *rapid.T) evergrant.Held {
		moment := rapid.Custom(func(t *rapid.T) time.Time {
			first := time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
			last := time.Date(2100, 12, 31, 0, 0, 0, 0, time.UTC).UnixMilli()
			return time.UnixMilli(rapid.Int64Range(first, last).Draw(t, "ms")).UTC()
		})
		var h evergrant.Held
		h.ID = rapid.Int64Range(1, 1<<62).Draw(t, "id")
		h.Tenant = texts(255).Draw(t, "tenant")
		h.AccountID = rapid.StringMatching(`|[1-9][0-9]{0,20}`).Draw(t, "account")
		h.AppScopedID = rapid.StringMatching(`|[1-9][0-9]{0,20}`).Draw(t, "scoped")
		h.Username = rapid.StringMatching(`|[a-z0-9._]{1,30}`).Filter(func(s string) bool { return s != "null" }).Draw(t, "username")
		h.Contact = texts(320).Draw(t, "contact")
		h.Locale = rapid.SampledFrom([]string{"", "fa", "en"}).Draw(t, "locale")
		h.TokenKind = rapid.SampledFrom([]evergrant.TokenKind{evergrant.ShortLived, evergrant.LongLived, evergrant.UnknownKind}).Draw(t, "kind")
		h.Status = rapid.SampledFrom(evergrant.Statuses()).Draw(t, "status")
		h.Value = evergrant.NewSecret(rapid.StringMatching(`[-A-Za-z0-9_=|.%]{5,200}`).Draw(t, "token"))
		if rapid.Bool().Draw(t, "issued") {
			h.IssuedAt = moment.Draw(t, "issued at")
		}
		if rapid.Bool().Draw(t, "expires") {
			h.ExpiresAt = moment.Filter(func(at time.Time) bool { return at.After(h.IssuedAt) }).Draw(t, "expires at")
			h.ExpirySource = evergrant.FromProvider
		}
		h.CreatedAt, h.UpdatedAt, h.RefreshedAt = moment.Draw(t, "created"), moment.Draw(t, "updated"), moment.Draw(t, "refreshed")
		return h
	})
}

// carried is what an export with tokens must carry to another machine.
func carried(h evergrant.Held) evergrant.Held {
	out := evergrant.Held{Value: h.Value, Channel: evergrant.Channel{
		ID: h.ID, Tenant: h.Tenant, AccountID: h.AccountID, AppScopedID: h.AppScopedID, Username: h.Username,
		Contact: h.Contact, Locale: h.Locale, TokenKind: h.TokenKind, IssuedAt: h.IssuedAt, ExpiresAt: h.ExpiresAt,
	}}
	if !h.ExpiresAt.IsZero() {
		out.ExpirySource = evergrant.FromImport
	}
	return out
}

func TestRoundTrip(t *testing.T) {
	for _, format := range []transfer.Format{transfer.CSV, transfer.NDJSON} {
		t.Run(string(format), func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				held := rapid.SliceOfNDistinct(channels(), 1, 5, func(h evergrant.Held) int64 { return h.ID }).Draw(rt, "channels")
				src := &shelf{held: held}
				slices.SortFunc(src.held, func(a, b evergrant.Held) int { return int(min(1, max(-1, a.ID-b.ID))) })
				var want []evergrant.Held
				for _, h := range src.held {
					want = append(want, carried(h))
				}
				var file bytes.Buffer
				if _, err := transfer.Export(t.Context(), &file, transfer.ExportOptions{Format: format, WithTokens: true}, src); err != nil {
					rt.Fatal(err)
				}
				res := importText(t, file.String(), transfer.ImportOptions{})
				if res.err != nil || len(res.problems)+len(res.warnings) > 0 {
					rt.Fatalf("got %v, %q, %v; want no word\n%s", res.err, res.reasons(), res.warnings, file.String())
				}
				var got []evergrant.Held
				for _, r := range res.rows {
					got = append(got, r.Held)
				}
				if diff := cmp.Diff(want, got, cmp.Comparer(evergrant.Secret.Equal)); diff != "" {
					rt.Fatalf("(-want +got):\n%s\n%s", diff, file.String())
				}
			})
		})
	}
}

// A disconnected channel has no token, so there is nothing of it to import.
func TestRoundTripDisconnected(t *testing.T) {
	for _, format := range []transfer.Format{transfer.CSV, transfer.NDJSON} {
		var file bytes.Buffer
		if _, err := transfer.Export(t.Context(), &file, transfer.ExportOptions{Format: format, WithTokens: true}, &shelf{held: twoChannels()}); err != nil {
			t.Fatal(err)
		}
		got := importText(t, file.String(), transfer.ImportOptions{})
		if want := (transfer.Summary{Rows: 2, Created: 1, Skipped: 1}); got.err != nil || got.sum != want {
			t.Errorf("%s: got %+v, %v, %q; want %+v", format, got.sum, got.err, got.reasons(), want)
		}
	}
}
