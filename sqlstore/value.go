package sqlstore

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/seal"
)

// maxID is the largest id that a caller may choose: JSON numbers end there.
const maxID = 1<<53 - 1

// errBadValue: a value that the store cannot keep. Its text names the field.
var errBadValue = errors.New("value cannot be stored")

// The times that can be stored: the years that RFC 3339 can write.
var (
	minMillis = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	maxMillis = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).UnixMilli()
)

// timeOf scans a column of UTC milliseconds; null is the zero time. Anything else
// than a number in range is an error.
type timeOf struct{ t *time.Time }

func (s timeOf) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*s.t = time.Time{}
		return nil
	case int64:
		if v < minMillis || v > maxMillis {
			return fmt.Errorf("malformed time: %d ms is outside the years 1 to 9999", v)
		}
		*s.t = time.UnixMilli(v).UTC()
		return nil
	}
	return fmt.Errorf("malformed time: it is a %T and not a number", v)
}

// millis is how a time is stored: null when it is zero.
func millis(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

// normal is t as it comes back from the store.
func normal(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.UnixMilli(t.UnixMilli()).UTC()
}

// clean makes text that both databases can keep: PostgreSQL takes neither NUL nor
// broken UTF-8, and a token must not be lost because of Meta's error message.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

// cleanHeld returns h as it will come back from the store, or an error when a time
// is out of range.
func cleanHeld(h evergrant.Held) (evergrant.Held, error) {
	for _, s := range [...]*string{
		&h.App, &h.Tenant, &h.Provider, &h.AccountID, &h.AppScopedID, &h.Username, &h.Contact, &h.Locale,
		&h.Reason, &h.Refused, &h.Imported,
	} {
		*s = clean(*s)
	}
	for _, at := range [...]struct {
		name string
		t    *time.Time
	}{
		{"issued_at", &h.IssuedAt},
		{"expires_at", &h.ExpiresAt},
		{"refreshed_at", &h.RefreshedAt},
		{"next_attempt_at", &h.NextAttemptAt},
		{"last_attempt_at", &h.LastAttemptAt},
		{"hold_until", &h.HoldUntil},
		{"previous issued_at", &h.Previous.IssuedAt},
		{"previous expires_at", &h.Previous.ExpiresAt},
	} {
		if ms := at.t.UnixMilli(); ms < minMillis || ms > maxMillis {
			return h, fmt.Errorf("%w: %s is outside the years 1 to 9999", errBadValue, at.name)
		}
		*at.t = normal(*at.t)
	}
	var permissions []string
	for _, p := range h.Permissions {
		permissions = append(permissions, clean(p))
	}
	h.Permissions = permissions
	h.LastError = cleanError(h.LastError)
	if h.Previous.Value.Empty() {
		h.Previous = evergrant.Token{}
	}
	return h, nil
}

func cleanError(e *evergrant.LastError) *evergrant.LastError {
	if e == nil {
		return nil
	}
	c := *e
	c.Message, c.TraceID, c.At = clean(e.Message), clean(e.TraceID), normal(e.At)
	return &c
}

// checkID accepts the ids that a caller may choose.
func checkID(id int64) error {
	if id < 0 || id > maxID {
		return fmt.Errorf("%w: id %d is not between 1 and %d", errBadValue, id, int64(maxID))
	}
	return nil
}

// sealed is a token as it is stored.
type sealed struct {
	blob any // []byte; nil: no token
	key  any // id of its key; nil: no token
}

func (s *Store) seal(id int64, place string, value evergrant.Secret) (sealed, error) {
	if value.Empty() {
		return sealed{}, nil
	}
	blob, key, err := s.keyring.Seal([]byte(value.Reveal()), seal.Bind(id, place))
	if err != nil {
		return sealed{}, fmt.Errorf("channel %d: %w", id, err)
	}
	return sealed{blob, key}, nil
}

// writtenColumns are the columns that every write of a row sets, in the order of
// written.
var writtenColumns = strings.Fields(`app tenant provider account_id app_scoped_id username contact locale status reason
	permissions token_kind token_sealed token_key token_fp issued_at expires_at expiry_source
	prev_sealed prev_key prev_kind prev_issued_at prev_expires_at prev_source refused_fp imported_fp
	refreshed_at next_attempt_at last_attempt_at hold_until attempts
	error_class error_code error_subcode error_message error_trace_id error_at updated_at`)

// written seals the tokens of h, which cleanHeld has seen, and returns the values
// of writtenColumns.
func (s *Store) written(h evergrant.Held) ([]any, error) {
	token, err := s.seal(h.ID, tokenPlace, h.Value)
	if err != nil {
		return nil, err
	}
	previous, err := s.seal(h.ID, previousPlace, h.Previous.Value)
	if err != nil {
		return nil, err
	}
	args := make([]any, 0, len(writtenColumns)+4)
	args = append(args, h.App, h.Tenant, h.Provider, h.AccountID, h.AppScopedID, h.Username, h.Contact, h.Locale, string(h.Status), h.Reason,
		jsonPermissions(h.Permissions), string(h.TokenKind), token.blob, token.key, h.Value.Fingerprint(), millis(h.IssuedAt), millis(h.ExpiresAt), string(h.ExpirySource),
		previous.blob, previous.key, string(h.Previous.Kind), millis(h.Previous.IssuedAt), millis(h.Previous.ExpiresAt), string(h.Previous.Source), h.Refused, h.Imported,
		millis(h.RefreshedAt), millis(h.NextAttemptAt), millis(h.LastAttemptAt), millis(h.HoldUntil), h.Attempts)
	if e := h.LastError; e != nil {
		args = append(args, string(e.Class), e.Code, e.Subcode, e.Message, e.TraceID, millis(e.At))
	} else {
		args = append(args, nil, nil, nil, nil, nil, nil)
	}
	return append(args, millis(h.UpdatedAt)), nil
}

func jsonPermissions(permissions []string) string {
	if len(permissions) == 0 {
		return "[]"
	}
	return jsonList(permissions)
}

// limitOf is the number of rows that a limit asks for: 0 means the default of 1000.
func limitOf(limit int) int {
	if limit <= 0 {
		return 1000
	}
	return min(limit, math.MaxInt32)
}

// jsonOrNull is an object as stored: null when there is nothing in it.
func jsonOrNull(v any, absent bool) (any, error) {
	if absent {
		return nil, nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errBadValue, err)
	}
	return string(b), nil
}
