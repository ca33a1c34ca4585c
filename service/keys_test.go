package service_test

import (
	"context"
	"errors"
	"testing"

	"github.com/evergrant/evergrant/internal/sim"
	"github.com/evergrant/evergrant/seal"
	"github.com/evergrant/evergrant/service"
)

func TestRotationIsResumed(t *testing.T) {
	server := simulator(t)
	tokens, err := server.IssueTokens(sim.TokenSpec{Count: 1200, Age: sim.Duration(2 * sim.Day)})
	if err != nil {
		t.Fatal(err)
	}
	cfg := config(t)
	load(t, cfg, csvOf(tokens...))
	svc := open(t, cfg, service.Options{Offline: true})
	first := keys(t, svc)

	// Interrupted after the first batch.
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	part, err := svc.RotateKeys(ctx, false, func(int64, int64) { cancel() })
	if !errors.Is(err, context.Canceled) || part.Resealed == 0 || part.Resealed == 1200 {
		t.Fatalf("interrupted rotation: %+v, %v; want a part of 1200 and context.Canceled", part, err)
	}
	half := keys(t, svc)
	if len(half) != 2 || half[0].Tokens == 0 || half[1].Tokens == 0 || half[0].Tokens+half[1].Tokens != 1200 {
		t.Fatalf("keys after the interruption: %+v; want both in use", half)
	}
	if err := svc.RetireKey(t.Context(), first[0].ID); !errors.Is(err, service.ErrKeyInUse) {
		t.Errorf("retire a key in use: %v; want ErrKeyInUse", err)
	}
	if err := svc.RetireKey(t.Context(), half[1].ID); !errors.Is(err, service.ErrKeyInUse) {
		t.Errorf("retire the primary key: %v; want ErrKeyInUse", err)
	}

	rest, err := svc.RotateKeys(t.Context(), false, nil)
	if err != nil || !rest.Resumed || rest.Key != part.Key || part.Resealed+rest.Resealed != 1200 {
		t.Errorf("second rotation: %+v, %v; want the first one finished", rest, err)
	}
	if err := svc.RetireKey(t.Context(), first[0].ID); err != nil {
		t.Errorf("retire: %v", err)
	}
	if err := svc.RetireKey(t.Context(), first[0].ID); !errors.Is(err, seal.ErrUnknownKey) {
		t.Errorf("retire again: %v; want ErrUnknownKey", err)
	}
	if got := keys(t, svc); len(got) != 1 || got[0].ID != part.Key || got[0].Tokens != 1200 {
		t.Errorf("keys at the end: %+v; want one, with 1200 tokens", got)
	}
	held, err := svc.Store().Held(t.Context(), 1200)
	if err != nil || held.Value.Fingerprint() == "" || held.Value.Reveal() != tokens[1199].Value {
		t.Errorf("a token is lost: %v", err)
	}
}

func TestRotateFreshDoesNotResume(t *testing.T) {
	server := simulator(t)
	tokens, err := server.IssueTokens(sim.TokenSpec{Count: 600, Age: sim.Duration(2 * sim.Day)})
	if err != nil {
		t.Fatal(err)
	}
	cfg := config(t)
	load(t, cfg, csvOf(tokens...))
	svc := open(t, cfg, service.Options{Offline: true})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	part, err := svc.RotateKeys(ctx, false, func(int64, int64) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("interrupted rotation: %v", err)
	}
	whole, err := svc.RotateKeys(t.Context(), true, nil)
	if err != nil || whole.Resumed || whole.Key == part.Key || whole.Resealed != 600 {
		t.Errorf("fresh rotation: %+v, %v; want a third key with all 600", whole, err)
	}
}

func keys(t *testing.T, svc *service.Service) []service.SealingKey {
	t.Helper()
	list, err := svc.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return list
}
