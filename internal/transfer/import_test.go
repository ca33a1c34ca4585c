package transfer_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/internal/transfer"
)

func TestImportCSV(t *testing.T) {
	const file = "\ufeffID , Access_Token,username,account_id,token_kind,issued_at,expires_at,tenant,contact,locale,app_scoped_id\r\n" +
		"7,tok-a,@acme,17841405309211844,Long-Lived,2027-01-01T10:00:00Z,2027-03-02 10:00:00+00,t1,a@example.org,fa-IR,2764\r\n" +
		"\r\n" +
		",tok-b,,,,,,,,,\r\n" +
		",,,,,,,,,,\r\n"
	got := importText(t, file, transfer.ImportOptions{Tenant: "flag"})
	if got.err != nil || len(got.problems)+len(got.warnings) > 0 {
		t.Fatalf("got %v, %v, %v; want no problem", got.err, got.problems, got.warnings)
	}
	want := []evergrant.Incoming{
		{Row: 2, Held: evergrant.Held{Value: evergrant.NewSecret("tok-a"), Channel: evergrant.Channel{
			ID: 7, Tenant: "t1", AccountID: "17841405309211844", AppScopedID: "2764", Username: "acme",
			Contact: "a@example.org", Locale: "fa", TokenKind: evergrant.LongLived,
			IssuedAt: time.Date(2027, 1, 1, 10, 0, 0, 0, time.UTC), ExpiresAt: time.Date(2027, 3, 2, 10, 0, 0, 0, time.UTC),
			ExpirySource: evergrant.FromImport,
		}}},
		{Row: 4, Held: evergrant.Held{Value: evergrant.NewSecret("tok-b"), Channel: evergrant.Channel{Tenant: "flag"}}},
	}
	if diff := cmp.Diff(want, got.rows, cmp.Comparer(evergrant.Secret.Equal)); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if want := (transfer.Summary{Rows: 2, Created: 2}); got.sum != want {
		t.Errorf("got %+v; want %+v", got.sum, want)
	}
}

func TestImportDjango(t *testing.T) {
	const file = "id,user_id,instagram_user_id,page_id,username,access_token,token_expires_at,is_connect,updated_at\n" +
		"1,42,17841405309211844,99,acme,tok-a,2027-03-02 10:00:00.123456+00:00,t,2027-01-01 00:00:00+00\n" +
		"2,42,17841405309211845,99,gone,,,f,2027-01-01 00:00:00+00\n"
	got := importText(t, file, transfer.ImportOptions{})
	if got.err != nil || len(got.problems)+len(got.warnings) > 0 {
		t.Fatalf("got %v, %v, %v; want no problem", got.err, got.problems, got.warnings)
	}
	if want := (transfer.Summary{Rows: 2, Created: 1, Skipped: 1}); got.sum != want {
		t.Errorf("got %+v; want %+v", got.sum, want)
	}
	h := got.rows[0].Held
	if h.Tenant != "42" || h.AccountID != "17841405309211844" || !h.IssuedAt.IsZero() ||
		!h.ExpiresAt.Equal(time.Date(2027, 3, 2, 10, 0, 0, 123e6, time.UTC)) {
		t.Errorf("got tenant %q, account %q, issued %v, expires %v; want 42, 17841405309211844, never, 2027-03-02 10:00:00.123",
			h.Tenant, h.AccountID, h.IssuedAt, h.ExpiresAt)
	}
}

func TestImportNDJSON(t *testing.T) {
	const file = "\n" + `{"ID":9007199254740993,"access_token":"tok-a","account_id":17841405309211844,"expires_at":1803895200,"is_connect":true,"permissions":["x",{"y":[1]}]}` + "\n" +
		`{"access_token":"tok-b","tenant":null,"user_id":7,"expires_at":null}` + "\r\n" +
		`{"access_token":"tok-c","tenant":"named","user_id":7}` + "\n\n" +
		`{"is_connect":false}`
	got := importText(t, file, transfer.ImportOptions{Tenant: "flag"})
	if got.err != nil || len(got.problems)+len(got.warnings) > 0 {
		t.Fatalf("got %v, %v, %v; want no problem", got.err, got.problems, got.warnings)
	}
	if want := (transfer.Summary{Rows: 4, Created: 3, Skipped: 1}); got.sum != want {
		t.Errorf("got %+v; want %+v", got.sum, want)
	}
	a := got.rows[0]
	if a.Row != 2 || a.Held.ID != 9007199254740993 || a.Held.AccountID != "17841405309211844" || a.Held.ExpiresAt.Unix() != 1803895200 {
		t.Errorf("got line %d id %d account %s expires %v; want 2, 9007199254740993, 17841405309211844, 1803895200",
			a.Row, a.Held.ID, a.Held.AccountID, a.Held.ExpiresAt)
	}
	for i, want := range []string{"flag", "7", "named"} {
		if got := got.rows[i].Held.Tenant; got != want {
			t.Errorf("row %d: got tenant %q; want %q", i, got, want)
		}
	}
}

func TestImportSeparators(t *testing.T) {
	for _, tt := range []struct{ name, file string }{
		{"comma", "id,access_token\n7,tok\n"},
		{"semicolon", "id;access_token\n7;tok\n"},
		{"tab", "id\taccess_token\n7\ttok\n"},
		{"one column", "access_token\ntok"},
		{"quoted names", `"id";"access_token"` + "\n" + `"7";"tok"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := importText(t, tt.file, transfer.ImportOptions{})
			if got.err != nil || !cmp.Equal(got.tokens(), []string{"tok"}) {
				t.Errorf("got tokens %q, %v, %q; want tok", got.tokens(), got.err, got.reasons())
			}
		})
	}
}

// A file that cannot be read as a whole is one error that says what to do.
func TestImportRefusesFile(t *testing.T) {
	long := strings.Repeat("x", 300)
	for _, tt := range []struct {
		name, file string
		format     transfer.Format
		want       error
		says       string
	}{
		{"empty", "", "", transfer.ErrEmpty, ""},
		{"blank", "\n \r\n", "", transfer.ErrNoRows, "only blank lines"},
		{"mark only", "\ufeff", "", transfer.ErrNoRows, ""},
		{"header only", "id,access_token\n", "", transfer.ErrNoRows, "nothing follows"},
		{"header and blank rows", "id,access_token\n\n,\n", "", transfer.ErrNoRows, ""},
		{"NUL", "id,access_token\n1,\x00\n", "", transfer.ErrBinary, "byte 19 is NUL"},
		{"workbook", "PK\x03\x04rest", "", transfer.ErrBinary, "CSV UTF-8"},
		{"old workbook", "\xd0\xcf\x11\xe0rest", "", transfer.ErrBinary, "workbook"},
		{"gzip", "\x1f\x8b\x08rest", "", transfer.ErrBinary, "gunzip"},
		{"zstd", "\x28\xb5\x2f\xfdrest", "", transfer.ErrBinary, "unzstd"},
		{"sqlite", "SQLite format 3\x00", "", transfer.ErrBinary, "database"},
		{"pg_dump", "PGDMPrest", "", transfer.ErrBinary, "PostgreSQL"},
		{"UTF-16 little", "\xff\xfei\x00d\x00", "", transfer.ErrEncoding, "iconv"},
		{"UTF-16 big", "\xfe\xff\x00i", "", transfer.ErrEncoding, "iconv"},
		{"header in another encoding", "access_token,\xd4\xe4\n1,2\n", "", transfer.ErrEncoding, "CSV UTF-8"},
		{"old Mac line ends", "id,access_token\r1,2\r", "", transfer.ErrHeader, "bare CR"},
		{"broken header", "id,\"access_token\n1,2\n", "", transfer.ErrHeader, "quotes"},
		{"no token column", "id,user name\n1,2\n", "", transfer.ErrHeader, `no column access_token; found "id", "user name"`},
		{"column twice", "id,access_token,ID\n1,2,3\n", "", transfer.ErrHeader, `column "id" appears twice`},
		{"no header", "1,acme," + planted + "\n", "", transfer.ErrHeader, "no known column among 3"},
		{"token as a name", "id," + planted + "\n", "", transfer.ErrHeader, "a value of 46 bytes"},
		{"many columns", "id,a,b,c,d,e,f,g,h,i,j,k,l,m\n", "", transfer.ErrHeader, "and 2 more"},
		{"JSON array", ` [{"access_token":"x"}]`, "", transfer.ErrFormat, "jq -c '.[]'"},
		{"JSON over lines", "{\n\"access_token\":\"x\"}", "", transfer.ErrFormat, "jq -c ."},
		{"unknown format", "x", "xml", transfer.ErrFormat, "csv or ndjson"},
		{"long first line", long, "", transfer.ErrLineTooLong, "line 1: a line is too long: more than 200 bytes"},
		{"long later line", "access_token\ntok\n" + long + "\n", "", transfer.ErrLineTooLong, "line 3"},
		{"long object", `{"access_token":"a"}` + "\n" + `{"access_token":"` + long + `"}`, "", transfer.ErrLineTooLong, "line 2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := importText(t, tt.file, transfer.ImportOptions{Format: tt.format, MaxLine: 200})
			if !errors.Is(got.err, tt.want) || !strings.Contains(got.err.Error(), tt.says) {
				t.Errorf("got %v; want %v with %q", got.err, tt.want, tt.says)
			}
			if strings.ContainsAny(got.err.Error(), "\n\x00") || strings.Contains(got.err.Error(), planted) {
				t.Errorf("got %q; want one clean line", got.err)
			}
		})
	}
}

func TestImportFormatGiven(t *testing.T) {
	got := importText(t, "access_token\ntok\n", transfer.ImportOptions{Format: transfer.NDJSON})
	if got.err != nil || got.sum.Rejected != 2 {
		t.Errorf("CSV read as NDJSON: got %+v, %v; want 2 rejected", got.sum, got.err)
	}
	got = importText(t, `{"access_token":"x"}`, transfer.ImportOptions{Format: transfer.CSV})
	if !errors.Is(got.err, transfer.ErrHeader) {
		t.Errorf("NDJSON read as CSV: got %v; want ErrHeader", got.err)
	}
}

func TestImportDryRun(t *testing.T) {
	got := importText(t, "id,access_token\n1,tok\nx,tok\n", transfer.ImportOptions{DryRun: true})
	if len(got.rows) != 0 || got.preview != 1 {
		t.Errorf("got %d rows written, %d looked at; want 0 and 1", len(got.rows), got.preview)
	}
	if want := (transfer.Summary{Rows: 2, Created: 1, Rejected: 1}); got.sum != want || got.err != nil {
		t.Errorf("got %+v, %v; want %+v", got.sum, got.err, want)
	}
}

func TestImportVerdicts(t *testing.T) {
	verdicts := []evergrant.ImportVerdict{
		evergrant.ImportCreated, evergrant.ImportUpdated, evergrant.ImportUnchanged, evergrant.ImportRejected, evergrant.ImportCreated,
	}
	res := &result{desk: desk{verdict: func(in evergrant.Incoming) evergrant.ImportOutcome {
		return evergrant.ImportOutcome{Verdict: verdicts[in.Held.ID-1], Reason: "an id of another account"}
	}}}
	var progress [][2]int64
	file := "id,access_token\n1,a\n2,b\n3,c\n4,d\n5,e\n"
	sum, err := transfer.Import(t.Context(), strings.NewReader(file), transfer.ImportOptions{
		Batch: 2, Progress: func(n, rows int64) { progress = append(progress, [2]int64{n, rows}) },
	}, &res.desk, res.listen)
	if want := (transfer.Summary{Rows: 5, Created: 2, Updated: 1, Unchanged: 1, Rejected: 1}); sum != want || err != nil {
		t.Errorf("got %+v, %v; want %+v", sum, err, want)
	}
	if want := []string{"line 5: an id of another account"}; !cmp.Equal(res.reasons(), want) {
		t.Errorf("got %q; want %q", res.reasons(), want)
	}
	if want := []int{2, 2, 1}; !cmp.Equal(res.batches, want) {
		t.Errorf("got batches %v; want %v", res.batches, want)
	}
	if want := [][2]int64{{36, 2}, {36, 4}, {36, 5}}; !cmp.Equal(progress, want) {
		t.Errorf("got progress %v; want %v", progress, want)
	}
}

func TestImportStops(t *testing.T) {
	boom := errors.New("disk full")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	text := func(s string) io.Reader { return strings.NewReader(s) }
	const file = "access_token\ntok-a\ntok-b\n"
	for _, tt := range []struct {
		name string
		ctx  context.Context
		r    io.Reader
		desk desk
		want error
		says string
	}{
		{"importer fails", t.Context(), text(file), desk{err: boom}, boom, "lines 2 to 3"},
		{"importer fails within", t.Context(), text(file + strings.Repeat("tok\n", 1000)), desk{err: boom}, boom, "lines 2 to 1001"},
		{"importer answers too little", t.Context(), text(file), desk{short: true}, nil, "1 outcomes for 2 rows"},
		{"importer answers nonsense", t.Context(), text(file), desk{verdict: func(evergrant.Incoming) evergrant.ImportOutcome {
			return evergrant.ImportOutcome{Verdict: "maybe"}
		}}, nil, `unknown verdict "maybe"`},
		{"context ends", ended, text(file), desk{}, context.Canceled, "line 2"},
		{"nothing can be read", t.Context(), iotest.ErrReader(boom), desk{}, boom, "read import"},
		{"reading fails in the header", t.Context(), io.MultiReader(text("access"), iotest.ErrReader(boom)), desk{}, boom, "line 1"},
		{"reading fails later", t.Context(), io.MultiReader(text(file), iotest.ErrReader(boom)), desk{}, boom, "line 4"},
		{"reading fails in a quote", t.Context(), io.MultiReader(text("access_token\n\"a\n"), iotest.ErrReader(boom)), desk{}, boom, "line 2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := transfer.Import(tt.ctx, tt.r, transfer.ImportOptions{}, &tt.desk, nil)
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v; want %v with %q", err, tt.want, tt.says)
			}
		})
	}
}

// Nobody has to listen for bad rows, and readers may give one byte at a time.
func TestImportByteByByte(t *testing.T) {
	const file = "id,access_token\r\n1,tok-a\r\nx,tok\r\n3,\"tok-b\"\r\n"
	var d desk
	sum, err := transfer.Import(t.Context(), iotest.OneByteReader(strings.NewReader(file)), transfer.ImportOptions{}, &d, nil)
	if want := (transfer.Summary{Rows: 3, Created: 2, Rejected: 1}); sum != want || err != nil {
		t.Errorf("got %+v, %v; want %+v", sum, err, want)
	}
}

// A good row whose token is not taken is told as a notice; one that is known already is not.
func TestImportTellsWhatIsLeftAside(t *testing.T) {
	res := &result{}
	res.verdict = func(in evergrant.Incoming) evergrant.ImportOutcome {
		o := evergrant.ImportOutcome{Verdict: evergrant.ImportUnchanged}
		if in.Held.Value.Reveal() == "tok-older" {
			o.Reason = "the stored token is newer"
		}
		return o
	}
	file := strings.NewReader("access_token\ntok-known\ntok-older\n")
	sum, err := transfer.Import(t.Context(), file, transfer.ImportOptions{}, &res.desk, res.listen)
	want := []transfer.Problem{{Line: 3, Reason: "is left aside: the stored token is newer", Warning: true}}
	if err != nil || sum.Unchanged != 2 || sum.Rejected != 0 || len(res.problems) > 0 || !cmp.Equal(res.warnings, want) {
		t.Errorf("got %+v, %v, %v, %v; want 2 unchanged and %v", sum, err, res.problems, res.warnings, want)
	}
}
