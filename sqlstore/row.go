package sqlstore

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/seal"
)

// channelColumns are what an evergrant.Channel is read from, in the order of scanChannel.
const channelColumns = `id, app, tenant, provider, account_id, app_scoped_id, username, contact, locale, status, reason,
	permissions, token_kind, issued_at, expires_at, expiry_source, refreshed_at, next_attempt_at, last_attempt_at,
	hold_until, attempts, error_class, error_code, error_subcode, error_message, error_trace_id, error_at,
	created_at, updated_at, version`

// heldColumns are what a Held is read from, in the order of scanHeld.
const heldColumns = channelColumns + `, token_sealed, prev_sealed, prev_kind, prev_issued_at, prev_expires_at,
	prev_source, refused_fp, imported_fp`

// The columns that hold sealed values, as bound into them; see seal.Bind.
const (
	tokenPlace    = "channels.token_sealed"
	previousPlace = "channels.prev_sealed"
)

// errUnseal: a stored token does not open.
var errUnseal = errors.New("stored token does not open")

// scanChannel reads channelColumns, and then the columns of more.
func scanChannel(row scanner, c *evergrant.Channel, more ...any) error {
	var (
		permissions               string
		class, message, trace     sql.NullString
		code, subcode             sql.NullInt64
		errorAt                   time.Time
		issued, expires           = timeOf{&c.IssuedAt}, timeOf{&c.ExpiresAt}
		refreshed, next           = timeOf{&c.RefreshedAt}, timeOf{&c.NextAttemptAt}
		last, hold, created, upda = timeOf{&c.LastAttemptAt}, timeOf{&c.HoldUntil}, timeOf{&c.CreatedAt}, timeOf{&c.UpdatedAt}
	)
	dest := append([]any{
		&c.ID, &c.App, &c.Tenant, &c.Provider, &c.AccountID, &c.AppScopedID, &c.Username, &c.Contact, &c.Locale, &c.Status, &c.Reason,
		&permissions, &c.TokenKind, issued, expires, &c.ExpirySource, refreshed, next, last,
		hold, &c.Attempts, &class, &code, &subcode, &message, &trace,
		timeOf{&errorAt},
		created, upda, &c.Version,
	}, more...)
	if err := row.Scan(dest...); err != nil {
		return fmt.Errorf("read channel %d: %w", c.ID, err)
	}
	if permissions != "[]" {
		if err := json.Unmarshal([]byte(permissions), &c.Permissions); err != nil {
			return fmt.Errorf("read channel %d: permissions: %w", c.ID, err)
		}
	}
	if class.Valid {
		c.LastError = &evergrant.LastError{
			Class: evergrant.Class(class.String), Code: int(code.Int64), Subcode: int(subcode.Int64),
			Message: message.String, TraceID: trace.String, At: errorAt,
		}
	}
	return nil
}

// sealedRow is a Held whose tokens are not opened yet.
type sealedRow struct {
	held            evergrant.Held
	token, previous []byte
}

// scanHeld reads heldColumns, and then the columns of more.
func scanHeld(row scanner, r *sealedRow, more ...any) error {
	p := &r.held.Previous
	return scanChannel(row, &r.held.Channel, append([]any{
		&r.token, &r.previous, &p.Kind,
		timeOf{&p.IssuedAt},
		timeOf{&p.ExpiresAt},
		&p.Source, &r.held.Refused, &r.held.Imported,
	}, more...)...)
}

// open returns the channel with its tokens opened.
func (s *Store) open(r sealedRow) (evergrant.Held, error) {
	h := r.held
	var err error
	if h.Value, err = s.openColumn(h.ID, tokenPlace, r.token); err != nil {
		return evergrant.Held{}, err
	}
	if h.Previous.Value, err = s.openColumn(h.ID, previousPlace, r.previous); err != nil {
		return evergrant.Held{}, err
	}
	return h, nil
}

func (s *Store) openColumn(id int64, place string, sealed []byte) (evergrant.Secret, error) {
	if sealed == nil {
		return evergrant.Secret{}, nil
	}
	value, err := s.keyring.Open(sealed, seal.Bind(id, place))
	if err != nil {
		return evergrant.Secret{}, fmt.Errorf("channel %d: %w: column %s: %w", id, errUnseal, strings.TrimPrefix(place, "channels."), err)
	}
	return evergrant.NewSecret(string(value)), nil
}
