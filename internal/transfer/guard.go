package transfer

import "strings"

// Spreadsheets run a cell that begins with one of these as a formula, even from a
// CSV file, and a tenant or a contact may be a stranger's choice. An apostrophe in
// front makes the cell text. So that a round trip stays exact, a value that already
// looks guarded is guarded once more, and unguard takes away exactly one.
//
// Source, read 2026-09: https://owasp.org/www-community/attacks/CSV_Injection
const formulaStarts = "=+-@\t\r"

// guard protects a value for CSV.
func guard(s string) string {
	if rest := strings.TrimLeft(s, "'"); rest != "" && strings.IndexByte(formulaStarts, rest[0]) >= 0 {
		return "'" + s
	}
	return s
}

// unguard undoes guard on a trimmed value. An apostrophe before anything but a
// formula is part of the value.
func unguard(b []byte) []byte {
	if len(b) < 2 || b[0] != '\'' {
		return b
	}
	i := 1
	for i < len(b) && b[i] == '\'' {
		i++
	}
	if i < len(b) && strings.IndexByte(formulaStarts, b[i]) >= 0 {
		return b[1:]
	}
	return b
}
