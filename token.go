package evergrant

import (
	"time"

	"github.com/evergrant/evergrant/schedule"
)

// A TokenKind says which life a token has at Instagram.
type TokenKind = schedule.Kind

// The kinds of token.
const (
	ShortLived  = schedule.Short   // an hour; can be exchanged for a long-lived one while it lives
	LongLived   = schedule.Long    // 60 days; can be refreshed when 24 hours old and not expired
	UnknownKind = schedule.Unknown // imported without a kind; found out by the first conversion
)

// An ExpirySource says how the expiry of a token is known.
type ExpirySource string

// The sources of an expiry.
const (
	FromProvider ExpirySource = "provider" // Instagram said so
	FromImport   ExpirySource = "imported" // the imported row said so
	FromGuess    ExpirySource = "assumed"  // nobody said; verified early
)

// A Token is one access token and its life, [IssuedAt, ExpiresAt), in UTC to the
// millisecond. A zero time means unknown. The zero Token is no token.
type Token struct {
	Value     Secret
	Kind      TokenKind
	IssuedAt  time.Time
	ExpiresAt time.Time
	Source    ExpirySource
}

// Expired reports whether the token's known life has ended at now. A token of
// unknown life is not expired.
func (t Token) Expired(now time.Time) bool {
	return !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt)
}
