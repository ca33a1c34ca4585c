package evergranttest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evergrant/evergrant"
)

// normal is t as it comes back from a store: UTC, to the millisecond.
func normal(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.UnixMilli(t.UnixMilli()).UTC()
}

// normalHeld is h as it comes back from a store.
func normalHeld(h evergrant.Held) evergrant.Held {
	for _, t := range []*time.Time{
		&h.IssuedAt, &h.ExpiresAt, &h.RefreshedAt, &h.NextAttemptAt, &h.LastAttemptAt, &h.HoldUntil,
		&h.Previous.IssuedAt, &h.Previous.ExpiresAt,
	} {
		*t = normal(*t)
	}
	if h.Previous.Value.Empty() {
		h.Previous = evergrant.Token{}
	}
	return copyHeld(h)
}

// copyHeld shares nothing with h that could be changed.
func copyHeld(h evergrant.Held) evergrant.Held {
	h.Permissions = slices.Clone(h.Permissions)
	if len(h.Permissions) == 0 {
		h.Permissions = nil
	}
	h.LastError = copyError(h.LastError)
	return h
}

func copyError(e *evergrant.LastError) *evergrant.LastError {
	if e == nil {
		return nil
	}
	c := *e
	c.At = normal(c.At)
	return &c
}

// checkID accepts the ids that a caller may choose.
func checkID(id int64) error {
	if id < 0 || id > maxID {
		return fmt.Errorf("value cannot be stored: id %d is not between 1 and %d", id, int64(maxID))
	}
	return nil
}

// limitOf is the number of rows that a limit asks for: 0 means the default of 1000.
func limitOf(limit int) int {
	if limit <= 0 {
		return 1000
	}
	return limit
}

// fold lowers what databases lower: ASCII letters.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
