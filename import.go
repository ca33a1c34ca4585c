package evergrant

import (
	"context"
	"fmt"
	"time"

	"github.com/evergrant/evergrant/schedule"
)

// Import adds channels that come from elsewhere, many in one transaction. A row matches a
// channel by its id, else by its account id, else by the token that an earlier import
// brought. Importing the same row again changes nothing, and an older token never
// replaces a newer one. No call is made to Meta; the next convert finds out what is unknown.
func (k *Keeper) Import(ctx context.Context, rows []Incoming) ([]ImportOutcome, error) {
	now := k.instant()
	out, err := k.store.Import(ctx, k.prepared(rows, now), func(found *Held, in Incoming) ImportOutcome {
		return k.decideImport(found, in, now)
	})
	if err != nil {
		return nil, fmt.Errorf("import %d rows: %w", len(rows), err)
	}
	return out, nil
}

// Preview gives the outcomes that Import would give now, and writes nothing.
func (k *Keeper) Preview(ctx context.Context, rows []Incoming) ([]ImportOutcome, error) {
	now := k.instant()
	out, err := k.store.Preview(ctx, k.prepared(rows, now), func(found *Held, in Incoming) ImportOutcome {
		return k.decideImport(found, in, now)
	})
	if err != nil {
		return nil, fmt.Errorf("preview %d rows: %w", len(rows), err)
	}
	return out, nil
}

// prepared completes rows with what can be concluded without asking anybody.
func (k *Keeper) prepared(rows []Incoming, now time.Time) []Incoming {
	out := make([]Incoming, len(rows))
	for i, in := range rows {
		h := &in.Held
		if h.App == "" {
			h.App = k.app
		}
		if h.Provider == "" {
			h.Provider = ProviderInstagram
		}
		if h.TokenKind == "" {
			h.TokenKind = kindByLife(h.IssuedAt, h.ExpiresAt, now)
		}
		switch {
		case !h.ExpiresAt.IsZero():
			h.ExpirySource = FromImport
		case !h.IssuedAt.IsZero() && h.TokenKind == ShortLived:
			h.ExpiresAt, h.ExpirySource = h.IssuedAt.Add(schedule.ShortLife), FromGuess
		case !h.IssuedAt.IsZero() && h.TokenKind == LongLived:
			h.ExpiresAt, h.ExpirySource = h.IssuedAt.Add(schedule.LongLife), FromGuess
		default:
			h.ExpirySource = FromGuess
		}
		h.Status, h.Imported = Connected, h.Value.Fingerprint()
		h.CreatedAt, h.UpdatedAt = now, now
		out[i] = in
	}
	return out
}

// kindByLife is the kind of a token whose row names none: nothing short lives for more
// than a day.
func kindByLife(issued, expires, now time.Time) TokenKind {
	if expires.IsZero() {
		return UnknownKind
	}
	if expires.Sub(now) > 24*time.Hour || !issued.IsZero() && expires.Sub(issued) > 24*time.Hour {
		return LongLived
	}
	return UnknownKind
}

// decideImport is the verdict on one prepared row. It is pure but for the policy.
func (k *Keeper) decideImport(found *Held, in Incoming, now time.Time) ImportOutcome {
	out := ImportOutcome{Row: in.Row, Held: in.Held}
	incoming := in.Held
	switch {
	case found == nil:
		out.Verdict = ImportCreated
	case found.Imported == incoming.Imported || found.Value.Equal(incoming.Value) || found.Previous.Value.Equal(incoming.Value):
		out.Verdict, out.Reason, out.Held = ImportUnchanged, "this token is known already", *found
		return out
	case found.Refused == incoming.Imported:
		out.Verdict, out.Reason, out.Held = ImportUnchanged, "Instagram has refused this token before", *found
		return out
	case found.usable() && !newer(incoming, *found):
		out.Verdict, out.Reason, out.Held = ImportUnchanged, "the stored token is newer, or as new", *found
		return out
	default:
		out.Verdict = ImportUpdated
		out.Held = merged(*found, incoming)
	}
	k.plan(&out.Held.Channel, now)
	out.Event = Event{ChannelID: out.Held.ID, At: now, Type: EventImported, Data: map[string]string{"new_token": incoming.Imported}}
	return out
}

// newer reports whether the incoming token is provably younger than the stored one.
func newer(incoming, stored Held) bool {
	if !incoming.IssuedAt.IsZero() && !stored.IssuedAt.IsZero() {
		return incoming.IssuedAt.After(stored.IssuedAt)
	}
	return !incoming.ExpiresAt.IsZero() && incoming.ExpirySource == FromImport && incoming.ExpiresAt.After(stored.ExpiresAt)
}

// merged is the stored channel with the incoming token; what the row leaves out is kept.
func merged(h, in Held) Held {
	h.SetToken(in.Token())
	h.Imported = in.Imported
	h.Status, h.Reason = Connected, ""
	h.Attempts, h.LastError, h.HoldUntil, h.LastAttemptAt = 0, nil, time.Time{}, time.Time{}
	for _, field := range []struct{ to, from *string }{
		{&h.Tenant, &in.Tenant},
		{&h.AccountID, &in.AccountID},
		{&h.AppScopedID, &in.AppScopedID},
		{&h.Username, &in.Username},
		{&h.Contact, &in.Contact},
		{&h.Locale, &in.Locale},
	} {
		if *field.from != "" {
			*field.to = *field.from
		}
	}
	return h
}
