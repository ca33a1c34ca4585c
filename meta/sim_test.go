package meta_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/internal/sim"
	"github.com/evergrant/evergrant/meta"
)

// newSim starts a simulator, which reads Meta's documents in its own way, and a
// client of it with the same clock.
func newSim(t *testing.T, seed uint64, change ...func(*meta.Config)) (*sim.Server, *meta.Client) {
	t.Helper()
	s := sim.New(sim.Config{Seed: seed, Now: fixedNow})
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	change = append([]func(*meta.Config){func(c *meta.Config) {
		c.ClientID, c.ClientSecret, c.Now = sim.DefaultClientID, evergrant.NewSecret(sim.DefaultClientSecret), s.Now
		c.CallTimeout = 5 * time.Second
	}}, change...)
	return s, newClient(t, srv.URL, change...)
}

func issueToken(t *testing.T, s *sim.Server, spec sim.TokenSpec) evergrant.Secret {
	t.Helper()
	info, err := s.IssueToken(spec)
	if err != nil {
		t.Fatalf("issue a token: %v", err)
	}
	return evergrant.NewSecret(info.Value)
}

// From login to refresh, for many seeds: they choose between the shapes.
func TestSimulatedLife(t *testing.T) {
	for seed := range uint64(30) {
		s, client := newSim(t, seed, func(c *meta.Config) {
			c.Proof = []meta.Proof{meta.ProofOff, meta.ProofToken, meta.ProofTimed}[seed%3]
		})
		if err := s.SetApp(sim.App{ProofRequired: seed%3 != 0}); err != nil {
			t.Fatalf("seed %d: app: %v", seed, err)
		}
		account, err := s.CreateAccount(sim.Account{Username: "acme"})
		if err != nil {
			t.Fatalf("seed %d: account: %v", seed, err)
		}
		login, err := s.IssueCode(sim.CodeSpec{Account: "acme", RedirectURI: redirect})
		if err != nil {
			t.Fatalf("seed %d: code: %v", seed, err)
		}
		ctx := t.Context()
		short, err := client.ExchangeCode(ctx, evergrant.NewSecret(login+"#_"), redirect)
		if err != nil || short.AppScopedID != account.AppScopedID || !slices.Contains(short.Permissions, sim.ScopeMessages) {
			t.Fatalf("seed %d: ExchangeCode = %+v, %v; want id %s", seed, short, err, account.AppScopedID)
		}
		if _, err := client.ExchangeCode(ctx, evergrant.NewSecret(login), redirect); !errors.Is(err, meta.ErrCodeUsed) {
			t.Errorf("seed %d: second ExchangeCode: got %v; want ErrCodeUsed", seed, err)
		}
		long, err := client.Exchange(ctx, short.Token.Value)
		if err != nil {
			t.Fatalf("seed %d: Exchange: %v", seed, err)
		}
		checkLife(t, s, seed, long.Token)
		who, err := client.Identify(ctx, long.Token.Value)
		if err != nil || who.AccountID != account.ID || who.Username != "acme" {
			t.Fatalf("seed %d: Identify = %+v, %v; want account %s", seed, who, err, account.ID)
		}
		if err := client.Subscribe(ctx, long.Token.Value, who.AccountID, []string{"messages"}); err != nil {
			t.Errorf("seed %d: Subscribe: %v", seed, err)
		}
		if got, _ := s.Account("acme"); !slices.Contains(got.Subscribed, "messages") {
			t.Errorf("seed %d: subscribed to %v; want messages", seed, got.Subscribed)
		}
		if _, err := client.Refresh(ctx, long.Token.Value); err == nil || failure(t, err).Class != transient {
			t.Errorf("seed %d: Refresh on the first day: got %v; want a transient failure", seed, err)
		}
		s.Advance(30 * sim.Day)
		fresh, err := client.Refresh(ctx, long.Token.Value)
		if err != nil {
			t.Fatalf("seed %d: Refresh: %v", seed, err)
		}
		checkLife(t, s, seed, fresh.Token)
	}
}

// checkLife compares what the client thinks of a token with what the simulator knows.
func checkLife(t *testing.T, s *sim.Server, seed uint64, got evergrant.Token) {
	t.Helper()
	want, ok := s.Token(got.Value.Reveal())
	if !ok || got.Kind != evergrant.LongLived || got.Source != evergrant.FromProvider {
		t.Errorf("seed %d: got token %+v, known %v; want a known long-lived one", seed, got, ok)
	}
	if early := want.ExpiresAt.Sub(got.ExpiresAt); early < 0 || early > time.Second {
		t.Errorf("seed %d: expires %v early; want up to a second, never late", seed, early)
	}
}

func TestSimulatedDeaths(t *testing.T) {
	for _, tt := range []struct {
		reason sim.Reason
		want   evergrant.Class
	}{
		{sim.Expired, lost},
		{sim.PasswordChanged, lost},
		{sim.AppRemoved, lost},
		{sim.LoggedOut, lost},
		{sim.Replaced, lost},
		{sim.Checkpoint, blocked},
		{sim.Unconfirmed, blocked},
	} {
		t.Run(string(tt.reason), func(t *testing.T) {
			s, client := newSim(t, 1)
			dead := issueToken(t, s, sim.TokenSpec{Age: sim.Days(30), Revoked: tt.reason, Subcode: sim.SubcodePresent})
			_, err := client.Refresh(t.Context(), dead)
			if f := failure(t, err); f.Class != tt.want || f.Scope != onChannel || !f.Answered() || f.TraceID == "" {
				t.Errorf("refresh: got %+v; want %s of channel, with a trace id", f, tt.want)
			}
			_, err = client.Identify(t.Context(), dead)
			if f := failure(t, err); f.Class != tt.want {
				t.Errorf("me: got %+v; want %s", f, tt.want)
			}
		})
	}
}

func TestSimulatedFaults(t *testing.T) {
	for _, tt := range []struct {
		name   string
		fault  sim.Fault
		class  evergrant.Class
		scope  evergrant.Scope
		effect bool // the simulator refreshed the token nevertheless
		regain time.Duration
	}{
		{"server error", sim.Fault{Kind: sim.FaultServerError}, transient, onMeta, false, 0},
		{"HTML error", sim.Fault{Kind: sim.FaultHTMLError}, transient, onMeta, false, 0},
		{"HTML", sim.Fault{Kind: sim.FaultHTML}, transient, onMeta, false, 0},
		{"empty", sim.Fault{Kind: sim.FaultEmpty}, transient, onMeta, false, 0},
		{"truncated", sim.Fault{Kind: sim.FaultTruncated}, transient, onMeta, true, 0},
		{"cut", sim.Fault{Kind: sim.FaultCut}, transient, onNetwork, true, 0},
		{"dropped before", sim.Fault{Kind: sim.FaultDropBefore}, transient, onNetwork, false, 0},
		{"dropped after", sim.Fault{Kind: sim.FaultDropAfter}, transient, onNetwork, true, 0},
		{"app limit", sim.Fault{Kind: sim.FaultThrottle, Code: 4}, throttled, onApp, false, 0},
		{"account limit", sim.Fault{Kind: sim.FaultThrottle, Code: 80002, RegainMinutes: 2.5}, throttled, onChannel, false, 150 * time.Second},
		{"app blocked", sim.Fault{Kind: sim.FaultAppBlocked}, appWide, onApp, false, 0},
		{"app deactivated", sim.Fault{Kind: sim.FaultAppDeactivated}, appWide, onApp, false, 0},
		{"unsupported", sim.Fault{Kind: sim.FaultUnsupported}, appWide, onApp, false, 0},
		{"checkpoint", sim.Fault{Kind: sim.FaultCheckpoint}, blocked, onChannel, false, 0},
		{"no token", sim.Fault{Kind: sim.FaultNoToken}, transient, onMeta, false, 0},
		{"empty token", sim.Fault{Kind: sim.FaultEmptyToken}, transient, onMeta, false, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, client := newSim(t, 1)
			value := issueToken(t, s, sim.TokenSpec{Age: sim.Days(30)})
			// The first call leaves a connection behind, over which net/http would repeat the second.
			if _, err := client.Identify(t.Context(), value); err != nil {
				t.Fatalf("Identify: %v", err)
			}
			if _, err := s.AddFault(tt.fault); err != nil {
				t.Fatalf("fault: %v", err)
			}
			_, err := client.Refresh(t.Context(), value)
			f := failure(t, err)
			if f.Class != tt.class || f.Scope != tt.scope || f.RetryAfter != tt.regain || f.NotSent {
				t.Errorf("got %+v; want %s of %s, retry after %v", f, tt.class, tt.scope, tt.regain)
			}
			counts := s.CountsOf(sim.Refresh)
			if counts.Calls != 1 || (counts.Effects == 1) != tt.effect {
				t.Errorf("got %+v; want one call, effect %v", counts, tt.effect)
			}
		})
	}
}

func TestSimulatedRefusals(t *testing.T) {
	s, client := newSim(t, 1)
	long := issueToken(t, s, sim.TokenSpec{Age: sim.Days(30)})
	wrongSecret := newClientLike(t, s, func(c *meta.Config) { c.ClientSecret = evergrant.NewSecret("another") })
	for _, tt := range []struct {
		name string
		run  func(context.Context) error
		want evergrant.Class
	}{
		{"a token of nobody", func(ctx context.Context) error { _, err := client.Refresh(ctx, token); return err }, appWide},
		{"a wrong client secret", func(ctx context.Context) error {
			short := issueToken(t, s, sim.TokenSpec{Kind: sim.Short})
			_, err := wrongSecret.Exchange(ctx, short)
			return err
		}, appWide},
		{"an account of somebody else", func(ctx context.Context) error {
			return client.Subscribe(ctx, long, "17841499999999999", []string{"messages"})
		}, denied},
		{"a code of nobody", func(ctx context.Context) error { _, err := client.ExchangeCode(ctx, code, redirect); return err }, denied},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if f := failure(t, tt.run(t.Context())); f.Class != tt.want {
				t.Errorf("got %+v; want %s", f, tt.want)
			}
		})
	}
}

// newClientLike is a second client of the same simulator.
func newClientLike(t *testing.T, s *sim.Server, change func(*meta.Config)) *meta.Client {
	t.Helper()
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return newClient(t, srv.URL, func(c *meta.Config) { c.ClientID = sim.DefaultClientID }, change)
}
