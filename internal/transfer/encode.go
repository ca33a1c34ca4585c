package transfer

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"strconv"
	"time"

	"github.com/evergrant/evergrant"
)

// exportNames are the columns of a CSV export; access_token follows when tokens are
// wanted, so that cutting off the last column takes the secrets away.
var exportNames = []string{
	"id", "tenant", "account_id", "app_scoped_id", "username", "contact", "locale", "status", "token_kind",
	"issued_at", "expires_at", "expiry_source", "refreshed_at", "created_at", "updated_at",
}

type csvEncoder struct {
	w          *csv.Writer
	withTokens bool
	record     []string
}

// newCSVEncoder writes the header. If that fails, so does every later write.
func newCSVEncoder(w *bufio.Writer, withTokens bool) *csvEncoder {
	e := &csvEncoder{w: csv.NewWriter(w), withTokens: withTokens}
	e.record = append(e.record, exportNames...)
	if withTokens {
		e.record = append(e.record, "access_token")
	}
	_ = e.w.Write(e.record)
	return e
}

func (e *csvEncoder) channel(h evergrant.Held) error {
	e.record = append(e.record[:0],
		strconv.FormatInt(h.ID, 10), guard(h.Tenant), guard(h.AccountID), guard(h.AppScopedID),
		guard(h.Username), guard(h.Contact), guard(h.Locale), string(h.Status), string(h.TokenKind),
		timeText(h.IssuedAt), timeText(h.ExpiresAt), string(h.ExpirySource),
		timeText(h.RefreshedAt), timeText(h.CreatedAt), timeText(h.UpdatedAt))
	if e.withTokens {
		e.record = append(e.record, guard(h.Value.Reveal()))
	}
	return e.w.Write(e.record)
}

func (e *csvEncoder) end() error {
	e.w.Flush() // the bufio.Writer as well: csv.NewWriter has taken it over
	return e.w.Error()
}

// timeText is empty for an unknown time.
func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// exported is one line of an NDJSON export. Unknown times are null.
type exported struct {
	ID           int64                  `json:"id"`
	Tenant       string                 `json:"tenant"`
	AccountID    string                 `json:"account_id"`
	AppScopedID  string                 `json:"app_scoped_id"`
	Username     string                 `json:"username"`
	Contact      string                 `json:"contact"`
	Locale       string                 `json:"locale"`
	Status       evergrant.Status       `json:"status"`
	TokenKind    evergrant.TokenKind    `json:"token_kind"`
	IssuedAt     *time.Time             `json:"issued_at"`
	ExpiresAt    *time.Time             `json:"expires_at"`
	ExpirySource evergrant.ExpirySource `json:"expiry_source"`
	RefreshedAt  *time.Time             `json:"refreshed_at"`
	CreatedAt    *time.Time             `json:"created_at"`
	UpdatedAt    *time.Time             `json:"updated_at"`
	AccessToken  string                 `json:"access_token,omitempty"`
}

type ndjsonEncoder struct {
	w   *bufio.Writer
	enc *json.Encoder
}

func newNDJSONEncoder(w *bufio.Writer) ndjsonEncoder {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return ndjsonEncoder{w, enc}
}

func (e ndjsonEncoder) channel(h evergrant.Held) error {
	return e.enc.Encode(exported{
		h.ID, h.Tenant, h.AccountID, h.AppScopedID, h.Username, h.Contact, h.Locale, h.Status, h.TokenKind,
		timeOrNull(h.IssuedAt), timeOrNull(h.ExpiresAt), h.ExpirySource,
		timeOrNull(h.RefreshedAt), timeOrNull(h.CreatedAt), timeOrNull(h.UpdatedAt), h.Value.Reveal(),
	})
}

func (e ndjsonEncoder) end() error { return e.w.Flush() }

func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
