package demo_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/evergrant/evergrant/internal/sim"
	"github.com/evergrant/evergrant/service/demo"
)

func TestDemo(t *testing.T) {
	for _, tt := range []struct {
		channels int
		kinds    int
	}{{1, 1}, {9, 9}, {200, 9}} {
		t.Run(fmt.Sprint(tt.channels), func(t *testing.T) {
			var stages []string
			steps := 0
			d, err := demo.Start(t.Context(), demo.Options{
				Channels: tt.channels, Listen: "127.0.0.1:0", Seed: 5,
				Stage:    func(what string) { stages = append(stages, what) },
				Progress: func(int, int) { steps++ },
			})
			if err != nil {
				t.Fatal(err)
			}
			rep, err := d.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if rep.AvoidableReconnects != 0 {
				t.Errorf("%d avoidable reconnects; want 0: %+v", rep.AvoidableReconnects, rep.Kinds)
			}
			sum := 0
			for _, k := range rep.Kinds {
				sum += k.Channels
				if got := k.Converted + k.Refreshed + k.Untouched + k.Failed + k.NeedOwner; got != k.Channels {
					t.Errorf("%s: outcomes of %d channels; want %d", k.Kind, got, k.Channels)
				}
				if k.WorkingNow+k.NeedOwner != k.Channels {
					t.Errorf("%s: %d work and %d need their owner; want %d together", k.Kind, k.WorkingNow, k.NeedOwner, k.Channels)
				}
			}
			if sum != tt.channels || len(rep.Kinds) != tt.kinds || rep.Import.Created != int64(tt.channels) {
				t.Errorf("%d channels of %d kinds, %d created; want %d of %d", sum, len(rep.Kinds), rep.Import.Created, tt.channels, tt.kinds)
			}
			if want := []string{"make the fleet", "import", "convert", "auto-refresh"}; !slices.Equal(stages, want) {
				t.Errorf("stages %v; want %v", stages, want)
			}
			if steps == 0 {
				t.Error("no progress was told")
			}
			if err := d.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
			if _, err := os.Stat(d.Dir); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the temporary directory is still there: %v", err)
			}
		})
	}
}

func TestListen(t *testing.T) {
	s, err := demo.Listen(t.Context(), "127.0.0.1:0", sim.Config{})
	if err != nil {
		t.Fatal(err)
	}
	addr := strings.TrimPrefix(s.URL, "http://")
	if _, err := demo.Listen(t.Context(), addr, sim.Config{}); err == nil || !strings.Contains(err.Error(), "listen on "+addr+": ") || !strings.HasSuffix(err.Error(), "--listen") {
		t.Errorf("a taken address: %v; want an error that names it and the remedy", err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
}

func TestDemoInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	d, err := demo.Start(ctx, demo.Options{
		Channels: 100, Listen: "127.0.0.1:0", Seed: 5,
		Stage: func(what string) {
			if what == "convert" {
				cancel()
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Run(ctx); err == nil {
		t.Error("an interrupted demonstration reports success")
	}
	if err := d.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

func ExampleStart() {
	ctx := context.Background()
	d, err := demo.Start(ctx, demo.Options{Channels: 50, Listen: "127.0.0.1:0", Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	rep, err := d.Run(ctx)
	fmt.Println(rep.Import.Created, "channels,", rep.AvoidableReconnects, "avoidable reconnects,", err)
	fmt.Println(d.Close())
	// Output:
	// 50 channels, 0 avoidable reconnects, <nil>
	// <nil>
}
