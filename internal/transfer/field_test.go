package transfer_test

import (
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/internal/transfer"
)

// planted is a token that must show up in no reason.
const planted = "IGQWplantedCANARY0123456789abcdefGHIJKLMNopqrs"

// oneRow imports a row with the given columns, as CSV and as NDJSON, and demands
// that both agree.
func oneRow(t *testing.T, columns map[string]string) (evergrant.Held, string) {
	t.Helper()
	if _, ok := columns["access_token"]; !ok {
		columns["access_token"] = planted
	}
	columns["page_id"] = "9" // so that no row is blank
	var head, cells []string
	for name, cell := range columns {
		head, cells = append(head, name), append(cells, cell)
	}
	var b strings.Builder
	w := csv.NewWriter(&b)
	if err := w.WriteAll([][]string{head, cells}); err != nil {
		t.Fatal(err)
	}
	object, err := json.Marshal(columns)
	if err != nil {
		t.Fatal(err)
	}
	fromCSV := importText(t, b.String(), transfer.ImportOptions{})
	fromJSON := importText(t, string(object), transfer.ImportOptions{})
	for _, res := range []*result{fromCSV, fromJSON} {
		if res.err != nil || res.sum.Rows != 1 {
			t.Fatalf("got %v, %+v; want one row", res.err, res.sum)
		}
		for _, p := range res.problems {
			if strings.Contains(p.String(), planted) {
				t.Errorf("the reason %q holds the token", p)
			}
		}
	}
	if len(fromCSV.problems) > 0 {
		if a, b := fromCSV.problems[0], fromJSON.problems; len(b) != 1 || a.Field != b[0].Field || a.Reason != b[0].Reason {
			t.Errorf("CSV says %v, NDJSON says %v; want the same", a, b)
		}
		return evergrant.Held{}, fromCSV.problems[0].Field + ": " + fromCSV.problems[0].Reason
	}
	if len(fromCSV.rows) == 0 {
		return evergrant.Held{}, "skipped"
	}
	if diff := cmp.Diff(fromCSV.rows[0].Held, fromJSON.rows[0].Held, cmp.Comparer(evergrant.Secret.Equal)); diff != "" {
		t.Errorf("CSV and NDJSON differ (-csv +ndjson):\n%s", diff)
	}
	return fromCSV.rows[0].Held, ""
}

func TestImportFields(t *testing.T) {
	type field = func(evergrant.Held) string
	token := func(h evergrant.Held) string { return h.Value.Reveal() }
	account := func(h evergrant.Held) string { return h.AccountID }
	scoped := func(h evergrant.Held) string { return h.AppScopedID }
	user := func(h evergrant.Held) string { return h.Username }
	tenant := func(h evergrant.Held) string { return h.Tenant }
	contact := func(h evergrant.Held) string { return h.Contact }
	locale := func(h evergrant.Held) string { return h.Locale }
	kind := func(h evergrant.Held) string { return string(h.TokenKind) }
	for _, tt := range []struct {
		column, text string
		get          field
		want         string
	}{
		{"access_token", " tok \u200f", token, "tok"},
		{"access_token", strings.Repeat("t", 4096), token, strings.Repeat("t", 4096)},
		{"account_id", "17841405309211844", account, "17841405309211844"},
		{"account_id", "\u200e1784\u202c", account, "1784"},
		{"instagram_user_id", "17841405309211844", account, "17841405309211844"},
		{"app_scoped_id", "2764", scoped, "2764"},
		{"app_scoped_id", "None", scoped, ""},
		{"username", " @acme.shop ", user, "acme.shop"},
		{"username", "NULL", user, ""},
		{"tenant", "شرکت نمونه", tenant, "شرکت نمونه"},
		{"user_id", "42", tenant, "42"},
		{"contact", "a@example.org", contact, "a@example.org"},
		{"contact", `\N`, contact, ""},
		{"locale", "fa_IR", locale, "fa"},
		{"locale", "Persian", locale, "fa"},
		{"locale", "farsi", locale, "fa"},
		{"locale", "EN-us", locale, "en"},
		{"locale", "English", locale, "en"},
		{"locale", "de", locale, ""},
		{"token_kind", "", kind, ""},
		{"token_kind", "unknown", kind, "unknown"},
		{"token_kind", "null", kind, ""},
		{"token_kind", "short", kind, "short"},
		{"token_kind", "SHORT_LIVED", kind, "short"},
		{"token_kind", "short-lived token", kind, "short"},
		{"token_kind", "Long lived", kind, "long"},
		{"token_kind", "long_lived_access_token", kind, "long"},
		{"token_kind", "longterm", kind, "long"},
		{"is_connect", "yes", user, ""},
		{"is_connect", "T", user, ""},
		{"is_connect", "1", user, ""},
	} {
		t.Run(tt.column+" "+tt.text[:min(len(tt.text), 20)], func(t *testing.T) {
			held, fault := oneRow(t, map[string]string{tt.column: tt.text})
			if fault != "" || tt.get(held) != tt.want {
				t.Errorf("got %q, fault %q; want %q", tt.get(held), fault, tt.want)
			}
		})
	}
}

func TestImportRefusesField(t *testing.T) {
	const rounded = "is a rounded number: a spreadsheet has damaged the"
	for _, tt := range []struct{ column, text, want string }{
		{"access_token", "", "access_token: is empty"},
		{"access_token", " null ", "access_token: is empty"},
		{"access_token", "two words", "access_token: holds a space"},
		{"access_token", "zero\u200bwidth", "access_token: holds a space or a character that no token has"},
		{"access_token", strings.Repeat("t", 4097), "access_token: has 4097 bytes; at most 4096"},
		{"id", "0", `id: "0" is not a whole number`},
		{"id", "-4", `id: "-4" is not a whole number`},
		{"id", "9223372036854775808", "is not a whole number"},
		{"id", "seven", `id: "seven" is not a whole number`},
		{"id", "12.0", `id: "12.0" ` + rounded},
		{"id", planted, "id: a value of 46 bytes is not a whole number"},
		{"id", strings.Repeat("9", 60), "id: a value of 60 bytes is not"},
		{"account_id", "1.78414E+16", `account_id: "1.78414E+16" ` + rounded},
		{"account_id", "1,78414E+16", rounded},
		{"account_id", "17841400000000000.0", rounded},
		{"instagram_user_id", "1e16", `instagram_user_id: "1e16" ` + rounded},
		{"account_id", "12 34", `account_id: "12 34" holds a space`},
		{"account_id", "abc", `account_id: "abc" is no id of Meta's: it must be digits`},
		{"account_id", "3e-user", `is no id of Meta's`},
		{"account_id", "-5", `is no id of Meta's`},
		{"account_id", "۱۷۸۴", `account_id: "۱۷۸۴" is no id of Meta's: it must be digits`},
		{"app_scoped_id", "27a", `app_scoped_id: "27a" is no id of Meta's: it must be digits`},
		{"account_id", strings.Repeat("1", 65), "account_id: has 65 bytes; at most 64"},
		{"app_scoped_id", "2,7E+3", "app_scoped_id: "},
		{"username", "a\tb", "username: holds a control character"},
		{"username", strings.Repeat("u", 65), "username: has 65 bytes"},
		{"tenant", strings.Repeat("t", 256), "tenant: has 256 bytes"},
		{"contact", strings.Repeat("c", 321), "contact: has 321 bytes"},
		{"token_kind", "medium", `token_kind: "medium" is none of short, long, unknown`},
		{"is_connect", "maybe", `is_connect: "maybe" is none of`},
		{"is_connect", "f", "skipped"},
		{"is_connect", "FALSE", "skipped"},
		{"is_connect", "0", "skipped"},
		{"is_connect", "no", "skipped"},
	} {
		t.Run(tt.column+" "+tt.text[:min(len(tt.text), 20)], func(t *testing.T) {
			_, fault := oneRow(t, map[string]string{tt.column: tt.text})
			if !strings.Contains(fault, tt.want) {
				t.Errorf("got %q; want %q", fault, tt.want)
			}
		})
	}
}

// JSON has types that CSV has not.
func TestImportJSONTypes(t *testing.T) {
	for _, tt := range []struct{ name, object, want string }{
		{"token as a number", `{"access_token":12}`, "line 1: access_token: is a number; it must be text"},
		{"token as a list", `{"access_token":["x"]}`, "line 1: access_token: is an object or a list; it must be text or a number"},
		{"username as an object", `{"access_token":"t","username":{"a":1}}`, "line 1: username: is an object or a list; it must be text or a number"},
		{"tenant as true", `{"access_token":"t","tenant":true}`, "line 1: tenant: is true or false; it must be text or a number"},
		{
			"id in exponent form", `{"access_token":"t","account_id":1.78414e16}`,
			`line 1: account_id: "1.78414e16" is a rounded number: a spreadsheet has damaged the id; export it again as text`,
		},
		{"line break in a token", `{"access_token":"line\nbreak"}`, "line 1: access_token: holds a control character, such as a line break"},
		{"NUL in a name", `{"access_token":"t","username":"a\u0000b"}`, "line 1: username: holds a control character, such as a line break"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := importText(t, tt.object, transfer.ImportOptions{})
			if want := []string{tt.want}; got.err != nil || !cmp.Equal(got.reasons(), want) {
				t.Errorf("got %q, %v; want %q", got.reasons(), got.err, want)
			}
		})
	}
}

func TestImportTimes(t *testing.T) {
	at := time.Date(2027, 1, 22, 10, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		text string
		want time.Time
	}{
		{"2027-01-22T10:00:00Z", at},
		{"2027-01-22t10:00:00z", at},
		{"2027-01-22T13:30:00+03:30", at},
		{"2027-01-22T10:00:00.123456789Z", at.Add(123 * time.Millisecond)},
		{"2027-01-22 10:00:00", at},
		{"2027-01-22 10:00", at},
		{"2027-01-22 10:00:00+00", at},
		{"2027-01-22 11:30:00.5+0130", at.Add(500 * time.Millisecond)},
		{"2027-01-22 10:00:00.123456+00:00", at.Add(123 * time.Millisecond)},
		{"2027-01-22 05:00:00-05", at},
		{"2027-01-22 10:00:00 +0000", at},
		{"2027-01-22 10:00:00 UTC", at},
		{"2027-01-22", at.Add(-10 * time.Hour)},
		{"1800612000", at},
		{"1800612000.25", at.Add(250 * time.Millisecond)},
		{"1800612000123", at.Add(123 * time.Millisecond)},
		{"", time.Time{}},
		{"null", time.Time{}},
		{"None", time.Time{}},
		{`\N`, time.Time{}},
	} {
		t.Run(tt.text, func(t *testing.T) {
			held, fault := oneRow(t, map[string]string{"expires_at": tt.text})
			if fault != "" || !held.ExpiresAt.Equal(tt.want) || held.ExpiresAt.Location() != time.UTC {
				t.Errorf("got %v, fault %q; want %v", held.ExpiresAt, fault, tt.want)
			}
			source := evergrant.FromImport
			if tt.want.IsZero() {
				source = ""
			}
			if held.ExpirySource != source {
				t.Errorf("got source %q; want %q", held.ExpirySource, source)
			}
		})
	}
}

func TestImportRefusesTime(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"soon", `expires_at: "soon" is not a time like`},
		{"2027-13-01", "is not a time like"},
		{"2027-01-22 10", "is not a time like"},
		{"2027-01-22 10:00:00 Europe/Paris", "is not a time like"},
		{"2027-01-22 10:00:00+3", "is not a time like"},
		{"22/01/2027", "is not a time like"},
		{"99999999999999999", "is not a time like"},
		{"1.80061E+09", "is a rounded number: a spreadsheet has damaged the time"},
		{"1405-11-02", "lies in the year 1405, outside 2010 to 2100; times are Gregorian"},
		{"2009-12-31 23:59:59", "lies in the year 2009"},
		{"2101-01-01", "lies in the year 2101"},
		{"0", "lies in the year 1970"},
	} {
		t.Run(tt.text, func(t *testing.T) {
			if _, fault := oneRow(t, map[string]string{"expires_at": tt.text}); !strings.Contains(fault, tt.want) {
				t.Errorf("got %q; want %q", fault, tt.want)
			}
		})
	}
	_, fault := oneRow(t, map[string]string{"issued_at": "2027-01-22", "token_expires_at": "2027-01-21"})
	if want := "token_expires_at: is not after issued_at"; fault != want {
		t.Errorf("got %q; want %q", fault, want)
	}
}

// Of two names for one column the first goes first, and the second fills its gaps.
func TestImportTwoNames(t *testing.T) {
	got := importText(t, "user_id,tenant,access_token,instagram_user_id,account_id\n42,acme,t,17,18\n42,,t,17,None\n", transfer.ImportOptions{})
	if got.err != nil || len(got.rows) != 2 {
		t.Fatalf("got %v, %q; want two rows", got.err, got.reasons())
	}
	for i, want := range []string{"acme/18", "42/17"} {
		if h := got.rows[i].Held; h.Tenant+"/"+h.AccountID != want {
			t.Errorf("row %d: got %s/%s; want %s", i, h.Tenant, h.AccountID, want)
		}
	}
}
