package transfer_test

import (
	"strings"
	"testing"

	"github.com/evergrant/evergrant/internal/transfer"
)

// FuzzImport plants a token wherever the input says "{T}" and demands of any file:
// no panic, no more rows than lines, every row accounted for, and the token in no
// reason and no error.
func FuzzImport(f *testing.F) {
	for _, seed := range []string{
		"id,access_token,username\n1,{T},acme\n2,\"{T}\",\"a\nb\"\n",
		"id;access_token\r\n{T};1\r\n\"{T};2\r\n3;{T}\"\r\n",
		"\ufeffaccess_token\texpires_at\n{T}\t2027-01-22 10:00:00+00\n{T}\t{T}\n",
		"{T},{T}\n{T}",
		"id,{T}\n1,2\n",
		`{"access_token":"{T}","id":1.5e3,"expires_at":1800612000}` + "\n" + `{"id":"{T}","{T}":[{}],"access_token":{}}`,
		`{"access_token":"{T}"}{"access_token":"{T}"` + "\n{\n",
		"access_token,is_connect,status\n{T},maybe {T},\n,f,\n,,disconnected\n",
		"[{\"access_token\":\"{T}\"}]", "PK\x03\x04", "\xff\xfea\x00", "a\x00b", "", "\r\n \r\n",
	} {
		f.Add(seed, uint8(0), uint16(0))
		f.Add(seed, uint8(1), uint16(40))
		f.Add(seed, uint8(2), uint16(3))
	}
	f.Fuzz(func(t *testing.T, text string, format uint8, maxLine uint16) {
		text = strings.ReplaceAll(text, "{T}", planted)
		opts := transfer.ImportOptions{
			Format: []transfer.Format{"", transfer.CSV, transfer.NDJSON}[format%3], MaxLine: int(maxLine), Batch: 3,
		}
		got := importText(t, text, opts)
		lines := strings.Count(text, "\n") + 1
		if len(got.rows) > lines || got.sum.Rows > int64(lines) {
			t.Errorf("got %d rows handed over, %d counted; want at most %d", len(got.rows), got.sum.Rows, lines)
		}
		s := got.sum
		if sum := s.Created + s.Rejected + s.Skipped; sum > s.Rows || got.err == nil && sum != s.Rows {
			t.Errorf("got %+v, %v; want every row accounted for", s, got.err)
		}
		if int64(len(got.problems)) != s.Rejected {
			t.Errorf("got %d problems, %d rejected; want as many", len(got.problems), s.Rejected)
		}
		if got.err != nil && strings.Contains(got.err.Error(), planted) {
			t.Errorf("the error holds the token: %v", got.err)
		}
		for _, p := range append(got.problems, got.warnings...) {
			if strings.Contains(p.String(), planted) || len(p.Reason) > 1200 {
				t.Errorf("the reason holds the token, or too much: %v", p)
			}
			if p.Line < 1 || p.Line > int64(lines) {
				t.Errorf("got line %d; want 1 to %d", p.Line, lines)
			}
		}
		for _, r := range got.rows {
			if r.Held.Value.Empty() || r.Held.ID < 0 || strings.ContainsAny(r.Held.Value.Reveal()+r.Held.Username+r.Held.Tenant, "\x00\n\r") {
				t.Errorf("line %d: a row that should have been refused was handed over", r.Row)
			}
		}
	})
}
