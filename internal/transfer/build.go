package transfer

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/evergrant/evergrant"
)

// The greatest lengths in bytes; column names follow the package's table.
const (
	maxToken    = 4096
	maxMetaID   = 64
	maxUsername = 64
	maxTenant   = 255
	maxContact  = 320
)

// builder turns one row into a channel. It keeps the first fault that it meets.
type builder struct {
	row   *row
	fault *Problem
}

// build checks a row's fields. Exactly one of its results is set: the channel, a
// problem, or skip.
func build(r *row, tenant string) (h evergrant.Held, skip bool, bad *Problem) {
	b := builder{row: r}
	if connected := b.isConnect(); b.fault == nil && (!connected || b.disconnected()) {
		return h, true, nil
	}
	h.Value = b.token()
	h.ID = b.id()
	h.Tenant = b.text(colTenant, maxTenant)
	h.AccountID = b.metaID(colAccountID)
	h.AppScopedID = b.metaID(colAppScopedID)
	h.Username = b.username()
	h.Contact = b.text(colContact, maxContact)
	h.Locale = locale(b.text(colLocale, maxUsername))
	h.TokenKind = b.tokenKind()
	h.IssuedAt = b.time(colIssuedAt)
	h.ExpiresAt = b.time(colExpiresAt)
	if !h.ExpiresAt.IsZero() {
		h.ExpirySource = evergrant.FromImport
		if !h.IssuedAt.IsZero() && !h.ExpiresAt.After(h.IssuedAt) {
			b.fail(colExpiresAt, "is not after "+b.name(colIssuedAt))
		}
	}
	if b.fault != nil {
		return evergrant.Held{}, false, b.fault
	}
	if h.Tenant == "" {
		h.Tenant = tenant
	}
	return h, false, nil
}

func (b *builder) fail(c column, reason string) {
	if b.fault == nil {
		b.fault = &Problem{Line: b.row.line, Field: b.name(c), Reason: reason}
	}
}

// defaultNames are the columns' names for rows that lack them.
var defaultNames = [columnCount]string{
	"id", "tenant", "account_id", "app_scoped_id", "username", "contact", "locale",
	"token_kind", "issued_at", "expires_at", "access_token", "is_connect", "status",
}

// name is what the file calls the column, if it has it.
func (b *builder) name(c column) string {
	if name := b.row.values[c].name; name != "" {
		return name
	}
	return defaultNames[c]
}

// raw returns a value's text, "" when it is absent. It refuses JSON types that the
// column cannot mean, and characters that no column may hold.
func (b *builder) raw(c column) string {
	v := b.row.values[c]
	switch {
	case v.shape == shapeNested:
		b.fail(c, "is an object or a list; it must be text or a number")
		return ""
	case v.shape == shapeBool && c != colIsConnect:
		b.fail(c, "is true or false; it must be text or a number")
		return ""
	}
	s := string(v.text)
	if strings.ContainsFunc(s, unicode.IsControl) {
		b.fail(c, "holds a control character, such as a line break")
		return ""
	}
	return s
}

// text returns a value of at most limit bytes.
func (b *builder) text(c column, limit int) string {
	s := b.raw(c)
	if len(s) > limit {
		b.fail(c, fmt.Sprintf("has %d bytes; at most %d are allowed", len(s), limit))
	}
	return s
}

func (b *builder) token() evergrant.Secret {
	v := b.row.values[colAccessToken]
	if v.shape == shapeNumber {
		b.fail(colAccessToken, "is a number; it must be text")
		return evergrant.Secret{}
	}
	s := b.raw(colAccessToken)
	switch {
	case s == "":
		b.fail(colAccessToken, "is empty")
	case len(s) > maxToken:
		b.fail(colAccessToken, fmt.Sprintf("has %d bytes; at most %d are allowed", len(s), maxToken))
	case strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }):
		b.fail(colAccessToken, "holds a space or a character that no token has; was it cut or joined?")
	}
	return evergrant.NewSecret(s)
}

func (b *builder) id() int64 {
	s := b.raw(colID)
	if s == "" {
		return 0
	}
	id, err := strconv.ParseInt(s, 10, 64)
	switch {
	case isDamaged(s):
		b.fail(colID, damage(s))
	case err != nil || id <= 0:
		b.fail(colID, show(s)+" is not a whole number from 1 to 9223372036854775807")
	}
	return id
}

// damaged matches what spreadsheets and data frames make of a long id, whose last
// digits are then gone: 1.78414E+16, 1,78414E+16, 17841400000000000.0.
var damaged = regexp.MustCompile(`^[0-9]+([.,][0-9]*)?([eE][+-]?[0-9]+)$|^[0-9]+[.,][0-9]+$`)

// isDamaged keeps the regular expression away from the many ids that are all digits.
func isDamaged(s string) bool { return strings.ContainsAny(s, ".,eE") && damaged.MatchString(s) }

func damage(s string) string {
	return show(s) + " is a rounded number: a spreadsheet has damaged the id; export it again as text"
}

// metaID returns one of Meta's ids: digits, often beyond 2^53, hence text.
func (b *builder) metaID(c column) string {
	s := b.text(c, maxMetaID)
	switch {
	case isDamaged(s):
		b.fail(c, damage(s))
	case strings.ContainsFunc(s, unicode.IsSpace):
		b.fail(c, show(s)+" holds a space")
	case strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' }):
		b.fail(c, show(s)+" is no id of Meta's: it must be digits")
	}
	return s
}

func (b *builder) username() string {
	return strings.TrimPrefix(b.text(colUsername, maxUsername), "@")
}

// kinds holds the spellings of a token's kind, without case, spaces, "-" and "_".
var kinds = map[string]evergrant.TokenKind{
	"unknown": evergrant.UnknownKind,
	"short":   evergrant.ShortLived, "shortlived": evergrant.ShortLived, "shortterm": evergrant.ShortLived,
	"long": evergrant.LongLived, "longlived": evergrant.LongLived, "longterm": evergrant.LongLived,
}

// tokenKind returns "" when the row names no kind: then the importer may conclude it
// from the token's life. "unknown" is the file's own word that nobody knows.
func (b *builder) tokenKind() evergrant.TokenKind {
	s := b.raw(colTokenKind)
	switch s { // the exact names, without the work below
	case "", string(evergrant.ShortLived), string(evergrant.LongLived):
		return evergrant.TokenKind(s)
	}
	plain := strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(s))
	kind, ok := kinds[strings.TrimSuffix(strings.TrimSuffix(plain, "token"), "access")]
	if !ok {
		b.fail(colTokenKind, show(s)+" is none of short, long, unknown")
	}
	return kind
}

// isConnect reports whether the row is of a connected channel; without a word about it, it is.
func (b *builder) isConnect() bool {
	s := b.raw(colIsConnect)
	switch strings.ToLower(s) {
	case "", "t", "true", "1", "y", "yes":
		return true
	case "f", "false", "0", "n", "no":
		return false
	}
	b.fail(colIsConnect, show(s)+" is none of true, false, t, f, 1, 0, yes, no")
	return false
}

// disconnected reports whether an export wrote the row for a channel whose owner took the
// tokens back. With a token it is an ordinary row.
func (b *builder) disconnected() bool {
	return string(b.row.values[colStatus].text) == string(evergrant.Disconnected) && b.row.values[colAccessToken].name == ""
}

// locale maps a language tag or an English language name to the languages that
// messages to owners exist in, and anything else to none.
func locale(s string) string {
	lang, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(s), "_", "-"), "-")
	switch lang {
	case "fa", "fas", "per", "persian", "farsi":
		return "fa"
	case "en", "eng", "english":
		return "en"
	}
	return ""
}
