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
		believe(h, now)
		if h.App == "" {
			h.App = k.app
		}
		if h.Provider == "" {
			h.Provider = ProviderInstagram
		}
		if byLife := kindByLife(h.IssuedAt, h.ExpiresAt, now); h.TokenKind == ShortLived && byLife == LongLived {
			h.TokenKind = UnknownKind // the row contradicts itself
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

// believe forgets dates that no token can have: an issue in the future, a life beyond
// anything that Meta gives. Databases hold such dates, written where an exchange had
// failed; whoever believes them lets the token die unattended.
func believe(h *Held, now time.Time) {
	const clockError, longest = 10 * time.Minute, 120 * 24 * time.Hour
	if h.IssuedAt.After(now.Add(clockError)) {
		h.IssuedAt = time.Time{}
	}
	if h.ExpiresAt.After(now.Add(longest)) {
		h.ExpiresAt = time.Time{}
	}
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
	leave := func(verdict ImportVerdict, reason string) ImportOutcome {
		out.Verdict, out.Reason = verdict, reason
		if found != nil {
			out.Held = *found
		}
		return out
	}
	switch {
	case incoming.Value.Empty():
		return leave(ImportRejected, "there is no access token")
	case found == nil:
		out.Verdict = ImportCreated
	case differ(found.AccountID, incoming.AccountID), differ(found.AppScopedID, incoming.AppScopedID):
		return leave(ImportRejected, fmt.Sprintf("channel %d is another Instagram account (%s)", found.ID, found.Name()))
	case found.AccountID == "" && incoming.AccountID == "" && differ(found.Username, incoming.Username) && !found.Value.Equal(incoming.Value):
		return leave(ImportRejected, fmt.Sprintf("channel %d is %s, and no account id says that they are the same", found.ID, found.Name()))
	case in.Held.ID != 0 && in.Held.ID != found.ID && (incoming.AccountID == "" || incoming.AccountID != found.AccountID):
		return leave(ImportRejected, fmt.Sprintf("channel %d has this very token", found.ID))
	case differ(found.Tenant, incoming.Tenant):
		return leave(ImportRejected, fmt.Sprintf("channel %d (%s) belongs to another tenant", found.ID, found.Name()))
	case found.Imported == incoming.Imported, found.Value.Equal(incoming.Value), found.Previous.Value.Equal(incoming.Value):
		return leave(ImportUnchanged, "")
	case found.Refused == incoming.Imported:
		return leave(ImportUnchanged, "Instagram has refused this token before")
	case incoming.Token().Expired(now):
		return leave(ImportUnchanged, "this token has expired, and the channel is known already")
	case found.usable() && !newer(incoming, *found):
		return leave(ImportUnchanged, "nothing says that this token is newer than the stored one, which is kept")
	default:
		out.Verdict = ImportUpdated
		out.Held = merged(*found, incoming)
	}
	k.plan(&out.Held.Channel, now)
	out.Event = Event{ChannelID: out.Held.ID, At: now, Type: EventImported, Data: map[string]string{"new_token": incoming.Imported}}
	return out
}

// differ reports whether two names are known and not the same.
func differ(a, b string) bool { return a != "" && b != "" && a != b }

// newer reports whether the incoming token provably outlives the stored one. What is
// unknown on either side proves nothing.
func newer(incoming, stored Held) bool {
	switch {
	case incoming.ExpiresAt.IsZero() || stored.ExpiresAt.IsZero():
		return false
	case stored.TokenKind == LongLived && incoming.TokenKind == ShortLived:
		return false
	case !incoming.IssuedAt.IsZero() && !stored.IssuedAt.IsZero() && !incoming.IssuedAt.After(stored.IssuedAt):
		return false
	}
	return incoming.ExpiresAt.After(stored.ExpiresAt)
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
