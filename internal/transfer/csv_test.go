package transfer_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evergrant/evergrant/internal/transfer"
)

// A broken row costs itself and no other.
func TestImportBrokenCSV(t *testing.T) {
	for _, tt := range []struct {
		name, rows string // after the header id,access_token,notes on line 1
		tokens     []string
		reasons    []string
	}{
		{"line breaks in a quoted field", "1,tok-a,\"two\r\nlines\nand three\"\n2,tok-b,\n", []string{"tok-a", "tok-b"}, nil},
		{"doubled quotes and separators", "1,\"tok-a\",\"say \"\"a, b\"\"\"\n2,tok-b,\"\"\n", []string{"tok-a", "tok-b"}, nil},
		{"line numbers after a long row", "1,tok-a,\"1\n2\n3\"\nx,tok-b,\n", []string{"tok-a"}, []string{`line 5: id: "x" is not a whole number from 1 to 9223372036854775807`}},
		{"too few and too many", "1,tok-a\n2,tok-b,n,more\n3,tok-c,n\n", []string{"tok-c"}, []string{"line 2: has 2 fields; the header has 3", "line 3: has 4 fields; the header has 3"}},
		{"quote never closed", "1,tok-a,\"n\n2,tok-b,n\n3,tok-c,n\n", []string{"tok-b", "tok-c"}, []string{"line 2: a quote is not closed"}},
		{"quote closed rows later, then text", "1,tok-a,\"n\n2,tok-b,n\n3,tok-c,\"m\"\n", []string{"tok-b", "tok-c"}, []string{"line 2: a quote is not closed"}},
		{"quote closed in a column that is read", "1,\"tok-a,n\n2,tok-b,n\n3,tok-c\",n\n", []string{"tok-b"}, []string{
			"line 2: access_token holds a line break inside quotes, or a quote that is not closed",
			"line 4: a quote stands inside a field that does not begin with one",
		}},
		{"line break in a column that is read", "1,\"tok\r\n-a\",n\n2,tok-b,n\n", []string{"tok-b"}, []string{
			"line 2: access_token holds a line break inside quotes, or a quote that is not closed",
			"line 3: a quote stands inside a field that does not begin with one",
		}},
		{"one quote inside a bare field", "1,tok\"a,n\n2,tok-b,n\n", []string{"tok-b"}, []string{"line 2: a quote stands inside a field that does not begin with one"}},
		{"two rows that open", "1,tok-a,\"n\n2,tok-b,\"n\n3,tok-c,n\n", []string{"tok-c"}, []string{
			"line 2: a quote is not closed", "line 3: a quote is not closed",
		}},
		{"every field quoted, one quote missing", "\"1\",\"tok-a,\"n\"\n\"2\",\"tok-b\",\"n\"\n", []string{"tok-b"}, []string{"line 2: a quote is not closed"}},
		{"quote inside a bare field", "1,tok\"a\"x,n\n2,tok-b,n\n", []string{"tok-b"}, []string{"line 2: a quote stands inside a field that does not begin with one"}},
		{"text after a quote", "1,tok-a,\"n\"x\n2,tok-b,n\n", []string{"tok-b"}, []string{"line 2: text follows a closing quote"}},
		{"not UTF-8", "1,tok-a,\xff\n2,tok-b,n\n", []string{"tok-b"}, []string{"line 2: is not valid UTF-8"}},
		{"rows of separators", ",,\n1,tok-a,n\n , ,\t\n,,,,\n", []string{"tok-a"}, nil},
		{"no last line end", "1,tok-a,n\n2,\"tok-b\",\"n\"", []string{"tok-a", "tok-b"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := importText(t, "id,access_token,notes\n"+tt.rows, transfer.ImportOptions{})
			if got.err != nil {
				t.Fatal(got.err)
			}
			if !cmp.Equal(got.tokens(), tt.tokens) || !cmp.Equal(got.reasons(), tt.reasons) {
				t.Errorf("got tokens %q, reasons %q; want %q, %q", got.tokens(), got.reasons(), tt.tokens, tt.reasons)
			}
		})
	}
}

// A quote that never closes is given up at the limit, with every later row intact.
func TestImportOpenQuoteInLargeFile(t *testing.T) {
	var b strings.Builder
	b.WriteString("access_token,notes\nlost,\"open\n")
	for range 20_000 {
		b.WriteString("tok,some note that is long enough\n")
	}
	got := importText(t, b.String(), transfer.ImportOptions{MaxLine: 1 << 16})
	if got.err != nil || got.sum.Created != 20_000 || got.sum.Rejected != 1 {
		t.Errorf("got %+v, %v; want 20000 created, 1 rejected", got.sum, got.err)
	}
	if want := []string{"line 2: a quote is not closed"}; !cmp.Equal(got.reasons(), want) {
		t.Errorf("got %q; want %q", got.reasons(), want)
	}
}

func TestImportBrokenNDJSON(t *testing.T) {
	const good = `{"access_token":"tok"}` + "\n"
	for _, tt := range []struct{ name, line, reason string }{
		{"not an object", `"text"`, "is not a JSON object"},
		{"cut short", `{"access_token":"tok"`, "is not valid JSON: it ends too early"},
		{"cut in a value", `{"access_token":"tok`, "is not valid JSON: it ends too early"},
		{"wrong last byte", `{"access_token":"tok"]`, "is not valid JSON near byte 22"},
		{"cut in a list", `{"notes":[1,`, "is not valid JSON: it ends too early"},
		{"key without quotes", `{access_token:"tok"}`, "is not valid JSON near byte 2"},
		{"no colon", `{"access_token" "tok"}`, "is not valid JSON near byte 17"},
		{"two objects", `{"access_token":"a"}{"access_token":"b"}`, "is not valid JSON near byte 21"},
		{"text after the object", `{"access_token":"a"},`, "is not valid JSON near byte 21"},
		{"name twice", `{"access_token":"a","Access_Token":"b"}`, "has access_token twice"},
		{"not UTF-8", "{\"username\":\"\xff\"}", "is not valid UTF-8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := importText(t, good+tt.line+"\n"+good, transfer.ImportOptions{})
			want := []string{"line 2: " + tt.reason}
			if got.err != nil || got.sum.Created != 2 || !cmp.Equal(got.reasons(), want) {
				t.Errorf("got %+v, %v, %q; want 2 created, %q", got.sum, got.err, got.reasons(), want)
			}
		})
	}
}

func TestImportUnknownColumns(t *testing.T) {
	got := importText(t, "access_token,Shop,page_id, foo \ntok,1,2,3\n", transfer.ImportOptions{})
	want := []transfer.Problem{{Line: 1, Reason: `columns that are not known are ignored: "shop", "foo"`, Warning: true}}
	if got.err != nil || got.sum.Rejected != 0 || !cmp.Equal(got.warnings, want) {
		t.Errorf("CSV: got %v, %+v, %v; want %v", got.err, got.sum, got.warnings, want)
	}
	var b strings.Builder
	b.WriteString(`{"access_token":"tok"}` + "\n")
	for range 20 {
		b.WriteString(`{"access_token":"tok","shop":1,"` + strings.Repeat("x", b.Len()%13+1) + `":2}` + "\n")
	}
	got = importText(t, b.String(), transfer.ImportOptions{})
	if got.err != nil || len(got.warnings) != 1 || got.warnings[0].Line != 2 || !strings.Contains(got.warnings[0].Reason, `"shop"`) {
		t.Errorf("NDJSON: got %v, %v; want one warning about line 2", got.err, got.warnings)
	}
}
