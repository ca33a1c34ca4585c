package doctor

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/meta"
	"github.com/evergrant/evergrant/sqlstore"
)

// The skews of the clock at which one should know, and at which decisions that
// depend on a token's age go wrong.
const (
	warnSkew = 30 * time.Second
	failSkew = 5 * time.Minute
)

// network asks each of Meta's hosts for a sign of life, and compares clocks.
func (x *examination) network(ctx context.Context) {
	s := x.Settings
	client, err := meta.New(meta.Config{
		AuthorizeURL: s.AuthorizeURL, APIURL: s.APIURL, GraphURL: s.GraphURL, GraphVersion: s.GraphVersion,
		Egress: s.Egress, CallTimeout: s.CallTimeout, Now: x.Now, Log: x.Log,
	})
	if err != nil {
		x.add("hosts", Fail, err.Error(), "see the message")
		return
	}
	defer func() { _ = client.Close() }() // idle connections only
	var skew *time.Duration
	for _, r := range client.Reach(ctx) {
		name := r.Host + " host"
		where := r.Address + " by way of " + r.Exit
		if !r.Reachable {
			x.add(name, Fail, fmt.Sprintf("%s: %v", where, r.Err), "check the network, the firewall and EVERGRANT_EGRESS")
			continue
		}
		x.add(name, OK, fmt.Sprintf("%s answers in %v", where, r.Latency.Round(time.Millisecond)), "")
		if r.Dated && (skew == nil || r.Skew.Abs() < skew.Abs()) {
			skew = &r.Skew
		}
	}
	if skew != nil {
		x.clock(*skew)
	}
}

// clock judges how far Meta's clock is ahead of ours.
func (x *examination) clock(skew time.Duration) {
	verdict, remedy := OK, ""
	switch {
	case skew.Abs() > failSkew:
		verdict, remedy = Fail, "set this machine's clock (timedatectl set-ntp true): ages and expiries are counted by it"
	case skew.Abs() > warnSkew:
		verdict, remedy = Warn, "set this machine's clock (timedatectl set-ntp true)"
	}
	detail := fmt.Sprintf("agrees with Meta's within %v", max(skew.Abs().Round(time.Second), time.Second))
	if verdict != OK {
		side := "behind"
		if skew < 0 {
			side = "ahead of"
		}
		detail = fmt.Sprintf("is %v %s Meta's", skew.Abs().Round(time.Second), side)
	}
	x.add("clock", verdict, detail, remedy)
}

// redirect looks at the address to which Instagram sends people after a login.
func (x *examination) redirect() {
	callback := x.Settings.CallbackURL()
	u, err := url.Parse(callback)
	switch {
	case err != nil: // settings have checked it; an odd path may still be wrong
		x.add("redirect URI", Fail, callback+" is not a URL", "correct EVERGRANT_PUBLIC_URL")
	case u.Scheme == "https":
		x.add("redirect URI", OK, callback, "register exactly this in the app's settings, if it is not yet")
	case u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1" || u.Hostname() == "::1":
		x.add("redirect URI", OK, callback+" (this machine only)", "for logins from outside set EVERGRANT_PUBLIC_URL to an https address")
	default:
		x.add("redirect URI", Warn, callback+" is not https, which Instagram asks for", "set EVERGRANT_PUBLIC_URL to an https address")
	}
}

// brake tells when the fleet is at a standstill because of the app.
func (x *examination) brake(ctx context.Context, store *sqlstore.Store) {
	b, err := store.Brake(ctx, evergrant.DefaultApp)
	switch {
	case err != nil:
		x.add("brake", Fail, err.Error(), "see the message")
	case b.Closed:
		x.add("brake", Warn, "closed since "+b.ClosedAt.UTC().Format(time.RFC3339)+": "+b.Reason, "look at the app in Meta's dashboard; the next command probes again")
	case b.PausedUntil.After(x.Now()):
		x.add("brake", Warn, "Instagram throttles the app until "+b.PausedUntil.UTC().Format(time.RFC3339), "wait; lower EVERGRANT_RATE if it happens often")
	default:
		x.add("brake", OK, "released", "")
	}
}
