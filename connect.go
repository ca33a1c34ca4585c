package evergrant

import (
	"context"
	"errors"
	"fmt"
	"time"
)

func isNotFound(err error) bool { return errors.Is(err, ErrNotFound) }

// ErrOtherTenant: the account is connected for another tenant.
var ErrOtherTenant = errors.New("the account is connected for another tenant")

// A Login is what comes back from Instagram's login page.
type Login struct {
	Code        Secret
	RedirectURI string // exactly as it was at the login page
	Tenant      string
	Contact     string
	Locale      string
}

// Connect turns a login into a channel with a long-lived token, stage by stage: code →
// short-lived token, stored → long-lived token, stored → identity → subscription. What
// is stored stays, whatever fails later: a short-lived token is exchanged by the next
// run, within its hour. An account that is known already keeps its channel and id.
// The error is only about the first stage; later troubles show in the channel.
func (k *Keeper) Connect(ctx context.Context, l Login) (Channel, error) {
	issued, err := k.provider.ExchangeCode(ctx, l.Code, l.RedirectURI)
	if err != nil {
		return Channel{}, fmt.Errorf("connect: %w", err)
	}
	// From here on the work must not be cut off by a browser that closes its connection.
	ctx = context.WithoutCancel(ctx)
	c, err := k.keepLogin(ctx, l, issued)
	if err != nil {
		return Channel{}, fmt.Errorf("connect: %w", err)
	}
	if c, err = k.settleOwner(ctx, c, issued.Token.Value); err != nil {
		return c, fmt.Errorf("connect: %w", err)
	}
	if _, err := k.Convert(ctx, c.ID, false); err != nil {
		k.log.WarnContext(ctx, "the exchange after a login did not work; it is tried again within the hour", "channel", c.ID, "error", err)
	}
	h, err := k.store.Held(ctx, c.ID)
	if err != nil {
		return c, nil //nolint:nilerr // the login is stored; only its newest state could not be read
	}
	if len(k.subscribe) > 0 && h.AccountID != "" {
		if err := k.provider.Subscribe(ctx, h.Value, h.AccountID, k.subscribe); err != nil {
			k.log.WarnContext(ctx, "webhook events could not be subscribed", "channel", c.ID, "error", err)
		}
	}
	return h.Channel, nil
}

// keepLogin stores the short-lived token before anything else is done with it: the code
// that brought it works only once. It waits for work under way on the channel, and for a
// database that is away for a moment.
func (k *Keeper) keepLogin(ctx context.Context, l Login, issued Issued) (c Channel, err error) {
	now := k.instant()
	ev := Event{At: now, Type: EventConnected, Data: map[string]string{"new_token": issued.Token.Value.Fingerprint()}}
	known, err := k.known(ctx, "", issued.AppScopedID)
	switch {
	case isNotFound(err):
		h := Held{Channel: Channel{App: k.app, Provider: ProviderInstagram, Tenant: l.Tenant, AppScopedID: issued.AppScopedID, Contact: l.Contact, Locale: l.Locale}}
		k.loggedIn(&h, issued.Token, issued.Permissions, now)
		err = k.persist(ctx, 0, func(ctx context.Context) error {
			c, err = k.store.Create(ctx, h, ev)
			return err
		})
		return c, err
	case err != nil:
		return Channel{}, err
	case differ(known.Tenant, l.Tenant) && known.Status != Disconnected:
		return Channel{}, fmt.Errorf("channel %d: %w", known.ID, ErrOtherTenant)
	}
	return k.loginAgain(ctx, known.ID, l.Tenant, issued.Token, issued.Permissions, ev)
}

// known finds the channel of an account, waiting for a database that is away.
func (k *Keeper) known(ctx context.Context, accountID, appScopedID string) (c Channel, err error) {
	err = k.persist(ctx, 0, func(ctx context.Context) error {
		c, err = k.store.Find(ctx, k.app, accountID, appScopedID)
		return err
	})
	return c, err
}

// loginAgain gives a known channel the token of a new login.
func (k *Keeper) loginAgain(ctx context.Context, id int64, tenant string, token Token, permissions []string, ev Event) (Channel, error) {
	lease, h, err := k.acquire(ctx, id, true)
	if err != nil {
		return Channel{}, err
	}
	ev.ChannelID = id
	if tenant != "" {
		h.Tenant = tenant
	}
	k.loggedIn(&h, token, permissions, k.instant())
	return k.commit(ctx, lease, h, ev)
}

// settleOwner finds out whose token a login brought. An account that was imported is known
// by its account id only, which a login does not tell: its channel then takes over, and
// the one that was made for the login is disconnected.
func (k *Keeper) settleOwner(ctx context.Context, c Channel, token Secret) (Channel, error) {
	if c.AccountID != "" {
		return c, nil
	}
	who, err := k.provider.Identify(ctx, token)
	if err != nil || who.AccountID == "" {
		return c, nil //nolint:nilerr // asked again after the exchange
	}
	owner, err := k.known(ctx, who.AccountID, "")
	if isNotFound(err) || err == nil && owner.ID == c.ID {
		return c, nil
	}
	if err != nil {
		return c, err
	}
	if differ(owner.Tenant, c.Tenant) && owner.Status != Disconnected {
		if _, err := k.Disconnect(ctx, c.ID); err != nil {
			k.log.WarnContext(ctx, "the channel made for a login could not be disconnected", "channel", c.ID, "error", err)
		}
		return c, fmt.Errorf("channel %d: %w", owner.ID, ErrOtherTenant)
	}
	made, err := k.store.Held(ctx, c.ID)
	if err != nil {
		return c, err
	}
	now := k.instant()
	// The token is stored in its new place before it leaves the old one.
	owner, err = k.loginAgain(ctx, owner.ID, c.Tenant, made.Token(), made.Permissions, Event{
		At: now, Type: EventConnected, Reason: fmt.Sprintf("the login came by way of channel %d", c.ID),
		Data: map[string]string{"new_token": token.Fingerprint()},
	})
	if err != nil {
		return c, err
	}
	if _, err := k.Disconnect(ctx, c.ID); err != nil {
		k.log.WarnContext(ctx, "the channel made for a login could not be disconnected", "channel", c.ID, "error", err)
	}
	return owner, nil
}

// loggedIn is the state of a channel right after its owner has logged in.
func (k *Keeper) loggedIn(h *Held, token Token, permissions []string, now time.Time) {
	h.SetToken(token)
	h.Permissions = permissions
	h.Status, h.Reason = Connected, ""
	h.Attempts, h.LastError, h.HoldUntil, h.LastAttemptAt = 0, nil, time.Time{}, time.Time{}
	k.plan(&h.Channel, now)
}

// identify writes down whose token it is, where the channel does not know yet.
func (k *Keeper) identify(ctx context.Context, id int64, token Secret) (Channel, error) {
	who, err := k.provider.Identify(ctx, token)
	if err != nil {
		return Channel{}, err
	}
	lease, h, err := k.acquire(ctx, id, true)
	if err != nil {
		return Channel{}, err
	}
	before := h.Channel
	if differ(h.AccountID, who.AccountID) {
		// Whoever sent a message with this token would send it in somebody else's name.
		h.Status = Paused
		h.Reason = fmt.Sprintf("the token is that of another Instagram account (%s, %s): import the right one, or let the owner log in", who.Username, who.AccountID)
		now := k.instant()
		h.Refused = h.Value.Fingerprint() // not to be handed out, and to be replaced by any other
		h.LastError = &LastError{Class: Denied, Message: h.Reason, At: now}
		k.plan(&h.Channel, now)
		return k.commit(ctx, lease, h, Event{ChannelID: id, At: now, Type: EventPaused, Reason: h.Reason, Error: h.LastError})
	}
	for _, field := range []struct{ to, from *string }{{&h.AccountID, &who.AccountID}, {&h.AppScopedID, &who.AppScopedID}, {&h.Username, &who.Username}} {
		if *field.to == "" {
			*field.to = *field.from
		}
	}
	if h.AccountID == before.AccountID && h.AppScopedID == before.AppScopedID && h.Username == before.Username {
		return h.Channel, k.release(ctx, lease)
	}
	return k.commit(ctx, lease, h, Event{ChannelID: id, At: k.instant(), Type: EventIdentified, Reason: "the account is " + h.Name()})
}
