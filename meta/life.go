package meta

import (
	"time"

	"github.com/evergrant/evergrant"
)

// The lives of tokens: what Meta documents, and the bounds within which its
// expires_in is believed.
//
// Sources, read 2026-09:
// https://developers.facebook.com/docs/instagram-platform/reference/access_token
// https://developers.facebook.com/docs/instagram-platform/reference/refresh_access_token
const (
	shortLife    = time.Hour
	maxShortLife = 24 * time.Hour
	longLife     = 60 * 24 * time.Hour
	minLongLife  = 24 * time.Hour
	maxLongLife  = 120 * 24 * time.Hour
)

// newToken gives value the life that the answer states, counted from issued. A
// life that is missing, unreadable or out of bounds is assumed instead, and
// marked as a guess. Meta's code exchange never states one, so a short-lived
// token's hour is as a rule a guess.
func newToken(value evergrant.Secret, kind evergrant.TokenKind, answer object, issued time.Time) evergrant.Token {
	t := evergrant.Token{Value: value, Kind: kind, IssuedAt: issued.UTC().Truncate(time.Millisecond)}
	low, high, assumed := minLongLife, maxLongLife, longLife
	if kind == evergrant.ShortLived {
		low, high, assumed = time.Millisecond, maxShortLife, shortLife
	}
	seconds, _ := answer.float("expires_in")
	// The limit lies above high, so that an absurd number stays absurd.
	life := duration(seconds, time.Second, 2*maxLongLife)
	t.Source = evergrant.FromProvider
	if life < low || life > high {
		life, t.Source = assumed, evergrant.FromGuess
	}
	t.ExpiresAt = t.IssuedAt.Add(life)
	return t
}
