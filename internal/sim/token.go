package sim

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"
)

// A Kind is the kind of a token.
type Kind string

// The two kinds that Meta hands out.
const (
	Short Kind = "short" // about an hour; can be exchanged, not refreshed
	Long  Kind = "long"  // about 60 days; can be refreshed, not exchanged
)

// The lives of tokens and codes, and the age below which a token is not refreshed.
const (
	defaultShortLife = time.Hour
	defaultLongLife  = 60 * Day
	codeLife         = time.Hour
	minRefreshAge    = Day
)

// maxBulk bounds one bulk request.
const maxBulk = 1_000_000

// Scopes that the simulator checks.
const (
	ScopeBasic    = "instagram_business_basic"
	ScopeMessages = "instagram_business_manage_messages"
)

// TokenSpec asks for one token, or for Count of them from one template.
type TokenSpec struct {
	// Account is an account's id, app-scoped id or username. Empty makes a new
	// account for each token.
	Account string `json:"account,omitempty"`
	// Kind is Long unless set.
	Kind Kind `json:"kind,omitempty"`
	// Age is how long ago the token was issued (or last refreshed).
	Age Duration `json:"age,omitempty"`
	// AgeSpread adds to the age of each token an amount in [0, AgeSpread) that the
	// seed chooses.
	AgeSpread Duration `json:"age_spread,omitempty"`
	// ExpiresIn counts from now and may be negative; ExpiresAt is absolute. Without
	// either the token has the usual life of its kind from its issue.
	ExpiresIn *Duration `json:"expires_in,omitempty"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	// Revoked makes the token dead from the start.
	Revoked Reason `json:"revoked,omitempty"`
	// Value is the token's string; empty mints one.
	Value string `json:"value,omitempty"`
	// Permissions are both scopes that the simulator checks unless set.
	Permissions []string `json:"permissions,omitempty"`
	// Subcode says how a refusal of this token shows its subcode.
	Subcode Subcode `json:"subcode,omitempty"`
	Count   int     `json:"count,omitempty"`
}

// TokenInfo is what the simulator knows about a token.
type TokenInfo struct {
	Value       string    `json:"value"`
	Fingerprint string    `json:"fingerprint"`
	Kind        Kind      `json:"kind"`
	Account     string    `json:"account"`
	Username    string    `json:"username"`
	IssuedAt    time.Time `json:"issued_at"`
	ExpiresAt   time.Time `json:"expires_at"`
	// Dead is empty while Meta accepts the token.
	Dead        Reason   `json:"dead,omitempty"`
	Permissions []string `json:"permissions"`
	Refreshes   int      `json:"refreshes"`
}

type token struct {
	value       string
	fingerprint string
	account     *account
	kind        Kind
	issued      time.Time
	expires     time.Time
	fades       time.Time // replaced from then on; zero: never
	revoked     Reason
	subcode     Subcode
	permissions []string
	refreshes   int
}

// Fingerprint is how the log of calls names a token: 12 hex digits of its
// SHA-256. It is empty for an empty token.
func Fingerprint(value string) string {
	if value == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:6])
}

// deadAt is why the token is dead at now, or "" while it lives. A reason that
// somebody gave comes before expiry.
func (t *token) deadAt(now time.Time) Reason {
	switch {
	case t.revoked != "":
		return t.revoked
	case !t.fades.IsZero() && !now.Before(t.fades):
		return Replaced
	case !now.Before(t.expires):
		return Expired
	}
	return ""
}

func (t *token) may(scope string) bool { return slices.Contains(t.permissions, scope) }

func (t *token) info(now time.Time) TokenInfo {
	return TokenInfo{
		Value: t.value, Fingerprint: t.fingerprint, Kind: t.kind,
		Account: t.account.ID, Username: t.account.Username,
		IssuedAt: t.issued, ExpiresAt: t.expires, Dead: t.deadAt(now),
		Permissions: slices.Clone(t.permissions), Refreshes: t.refreshes,
	}
}

// addTokenLocked stores t under its value, minting one when it has none. A value
// that is given must be new.
func (s *Server) addTokenLocked(t token) *token {
	for t.value == "" {
		v := tokenValue(s.seed, t.account.ID, t.account.minted)
		if t.account.minted++; s.tokens[v] == nil {
			t.value = v
		}
	}
	t.fingerprint = Fingerprint(t.value)
	if t.subcode == "" {
		styles := [...]Subcode{SubcodePresent, SubcodeZero, SubcodeAbsent}
		t.subcode = styles[mix(s.seed, "subcode", t.value)%3]
	}
	kept := &t
	s.tokens[t.value] = kept
	s.tokenOrder = append(s.tokenOrder, kept)
	t.account.tokens = append(t.account.tokens, kept)
	return kept
}

// lifeLocked is the life of a new token: a little under the round number, as
// Meta's samples have it, in whole seconds.
func (s *Server) lifeLocked(kind Kind, value string) time.Duration {
	if kind == Short {
		return s.cfg.ShortLife
	}
	life := s.cfg.LongLife
	if life > Day {
		life -= time.Duration(mix(s.seed, "life", value)%100) * time.Second
	}
	return life.Truncate(time.Second)
}
