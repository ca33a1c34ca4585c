package evergrant

import (
	"encoding/json"
	"time"
)

// A Status says whether a channel works, and who can help when it does not.
type Status string

// The statuses of a channel.
const (
	Connected         Status = "connected"          // its token is believed to work
	Paused            Status = "paused"             // the owner must act inside Instagram; the token is kept and probed daily
	ReconnectRequired Status = "reconnect_required" // lost: only a new login of its owner helps
	Disconnected      Status = "disconnected"       // its tokens are forgotten, its history is kept
)

// Statuses lists every status, in the order in which reports show them.
func Statuses() []Status {
	return []Status{Connected, Paused, ReconnectRequired, Disconnected}
}

// ProviderInstagram names Instagram's API with Instagram Login, the only
// provider today.
const ProviderInstagram = "instagram"

// DefaultApp names the app that channels belong to when nothing else is said.
const DefaultApp = "instagram"

// A Channel is one connected Instagram account, without its tokens. All times
// are UTC to the millisecond; a zero time means "unknown" or "never".
type Channel struct {
	ID          int64
	App         string // the Meta app whose tokens these are; see DefaultApp
	Tenant      string // the customer of ours whom the channel belongs to
	Provider    string
	AccountID   string // IG_ID, the id of the professional account; beyond 2^53, hence text
	AppScopedID string // the owner's id for this app: what Meta's callbacks carry
	Username    string
	Contact     string // where the owner can be reached: a mail address
	Locale      string // the owner's language, "fa" or "en"

	Status      Status
	Reason      string // why the status is not connected; empty otherwise
	Permissions []string

	TokenKind    TokenKind
	IssuedAt     time.Time
	ExpiresAt    time.Time
	ExpirySource ExpirySource
	RefreshedAt  time.Time // when a refresh last succeeded

	NextAttemptAt time.Time // when the daemon will act next; zero: never
	LastAttemptAt time.Time // when Meta was last asked to extend the token
	HoldUntil     time.Time // no call before this instant: Meta asked for a pause
	Attempts      int       // failed attempts since the last success
	LastError     *LastError

	CreatedAt time.Time
	UpdatedAt time.Time
	Version   int64 // grows with every write to the row
}

// Name is what a person calls the channel: its username, or else its account id.
func (c Channel) Name() string {
	if c.Username != "" {
		return c.Username
	}
	return c.AccountID
}

// A LastError is the last failure of a channel, kept until the next success.
type LastError struct {
	Class   Class     `json:"class"`
	Code    int       `json:"code"`
	Subcode int       `json:"subcode"`
	Message string    `json:"message"`
	TraceID string    `json:"trace_id"`
	At      time.Time `json:"at,omitzero"`
}

// A Held channel is a channel together with its opened tokens, as the holder of
// a lease sees it. It never leaves the process.
type Held struct {
	Channel

	Value    Secret // the current token; its kind and life are in Channel
	Previous Token  // the token before the current one, kept until its own expiry
	Refused  string // fingerprint of the last token value that Meta has refused for good
	Imported string // fingerprint of the last token value that an import brought
}

// Token returns the current token with its life.
func (h Held) Token() Token {
	return Token{Value: h.Value, Kind: h.TokenKind, IssuedAt: h.IssuedAt, ExpiresAt: h.ExpiresAt, Source: h.ExpirySource}
}

// SetToken makes t the current token. The replaced one becomes the previous
// token, unless it has the same value or there was none.
func (h *Held) SetToken(t Token) {
	if old := h.Token(); !old.Value.Empty() && !old.Value.Equal(t.Value) {
		h.Previous = old
	}
	if h.Refused == t.Value.Fingerprint() {
		h.Refused = "" // Meta has just given it out again
	}
	h.Value, h.TokenKind = t.Value, t.Kind
	h.IssuedAt, h.ExpiresAt, h.ExpirySource = t.IssuedAt, t.ExpiresAt, t.Source
}

// MarshalJSON writes the channel object of the REST contract: unknown times are
// null, and permissions are a list even when there are none.
func (c Channel) MarshalJSON() ([]byte, error) {
	permissions := c.Permissions
	if permissions == nil {
		permissions = []string{}
	}
	return json.Marshal(struct {
		ID            int64        `json:"id"`
		Tenant        string       `json:"tenant"`
		Provider      string       `json:"provider"`
		AccountID     string       `json:"account_id"`
		AppScopedID   string       `json:"app_scoped_id"`
		Username      string       `json:"username"`
		Contact       string       `json:"contact,omitempty"`
		Locale        string       `json:"locale,omitempty"`
		Status        Status       `json:"status"`
		Reason        string       `json:"reason"`
		TokenKind     TokenKind    `json:"token_kind"`
		IssuedAt      *time.Time   `json:"issued_at"`
		ExpiresAt     *time.Time   `json:"expires_at"`
		ExpirySource  ExpirySource `json:"expiry_source"`
		RefreshedAt   *time.Time   `json:"refreshed_at"`
		NextAttemptAt *time.Time   `json:"next_attempt_at"`
		HoldUntil     *time.Time   `json:"hold_until,omitempty"`
		Attempts      int          `json:"attempts"`
		LastError     *LastError   `json:"last_error"`
		Permissions   []string     `json:"permissions"`
		CreatedAt     *time.Time   `json:"created_at"`
		UpdatedAt     *time.Time   `json:"updated_at"`
	}{
		c.ID, c.Tenant, c.Provider, c.AccountID, c.AppScopedID, c.Username, c.Contact, c.Locale,
		c.Status, c.Reason, c.TokenKind, orNull(c.IssuedAt), orNull(c.ExpiresAt), c.ExpirySource, orNull(c.RefreshedAt),
		orNull(c.NextAttemptAt), orNull(c.HoldUntil), c.Attempts, c.LastError, permissions, orNull(c.CreatedAt), orNull(c.UpdatedAt),
	})
}

// orNull gives nil for the zero time, so that JSON says null and not year 1.
func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
