package evergrant_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evergrant/evergrant"
)

func TestRecover(t *testing.T) {
	w := newWorld(t)
	id := w.long(0, 30*day)
	w.long(1, 10*day)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			h, err := w.keeper.Recover(context.Background(), id, evergrant.NewSecret("long-0"))
			if err != nil || h.Value.Reveal() != "minted-1" {
				t.Errorf("Recover = %q, %v; want the one new token", h.Value.Reveal(), err)
			}
		})
	}
	wg.Wait()
	if calls := w.meta.seen(""); len(calls) != 1 {
		t.Errorf("Meta saw %v; want one shared refresh", calls)
	}
	if !strings.Contains(w.log.String(), "🔄 Instagram access token expired, attempting refresh...") {
		t.Errorf("log lacks the recovery line:\n%s", w.log)
	}
}

func TestRecoverUsesWhatTheStoreHas(t *testing.T) {
	w := newWorld(t)
	id := w.long(0, 30*day)
	h, err := w.keeper.Recover(t.Context(), id, evergrant.NewSecret("an-older-value"))
	if err != nil || h.Value.Reveal() != "long-0" {
		t.Errorf("Recover = %v; want the stored, newer token", err)
	}
	if calls := w.meta.seen(""); len(calls) != 0 {
		t.Errorf("Meta saw %v; want no call", calls)
	}
}

func TestRecoverSameString(t *testing.T) {
	w := newWorld(t)
	w.meta.same = true
	id := w.long(0, 30*day)
	h, err := w.keeper.Recover(t.Context(), id, evergrant.NewSecret("long-0"))
	if err != nil || h.Value.Reveal() != "long-0" {
		t.Errorf("Recover = %v; want the value that Meta has just confirmed", err)
	}
}

func TestRecoverYoungToken(t *testing.T) {
	for _, tt := range []struct {
		name string
		dead bool
		want error
	}{{"dead", true, evergrant.ErrLost}, {"alive after all", false, evergrant.ErrNoToken}} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			id := w.long(0, 5*time.Hour)
			w.long(1, 10*day)
			if tt.dead {
				w.meta.kill("long-0")
			}
			if _, err := w.keeper.Recover(t.Context(), id, evergrant.NewSecret("long-0")); !errors.Is(err, tt.want) {
				t.Errorf("Recover = %v; want %v", err, tt.want)
			}
			if calls := w.meta.seen("refresh"); len(calls) != 0 {
				t.Errorf("Meta saw %v; want no refresh of a young token", calls)
			}
		})
	}
}

func TestRecoverDead(t *testing.T) {
	w := newWorld(t)
	id := w.long(0, 30*day)
	w.long(1, 10*day)
	w.meta.kill("long-0")
	for range 5 {
		if _, err := w.keeper.Recover(t.Context(), id, evergrant.NewSecret("long-0")); !errors.Is(err, evergrant.ErrLost) {
			t.Errorf("Recover = %v; want ErrLost", err)
		}
	}
	if n := len(w.meta.seen("refresh long-0")); n != 1 {
		t.Errorf("the dead value was refreshed %d times; want 1", n)
	}
	if _, err := w.keeper.Recover(t.Context(), 999, evergrant.NewSecret("x")); !errors.Is(err, evergrant.ErrNotFound) {
		t.Errorf("unknown channel: %v; want ErrNotFound", err)
	}
}
