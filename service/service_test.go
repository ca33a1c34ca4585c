package service_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/internal/sim"
	"github.com/evergrant/evergrant/seal"
	"github.com/evergrant/evergrant/service"
	"github.com/evergrant/evergrant/service/demo"
	"github.com/evergrant/evergrant/service/settings"
	"github.com/evergrant/evergrant/sqlstore"
)

const canary = "canary-5ecret-7f31c0"

// config loads settings with a fresh state directory, and whatever else is given.
func config(t *testing.T, env ...string) *settings.Settings {
	t.Helper()
	all := append([]string{"EVERGRANT_STATE_DIR=" + filepath.Join(t.TempDir(), "state"), "EVERGRANT_RATE=5000"}, env...)
	cfg, err := settings.Load(settings.Input{Env: all})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func simulator(t *testing.T) *demo.Simulator {
	t.Helper()
	server, err := demo.Listen(t.Context(), "127.0.0.1:0", sim.Config{Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Errorf("close the simulator: %v", err)
		}
	})
	return server
}

// csvOf gives tokens as a file to import; channel ids begin at 1.
func csvOf(tokens ...sim.TokenInfo) string {
	out := "id,username,access_token,token_kind,issued_at,expires_at,tenant\n"
	for i, token := range tokens {
		out += fmt.Sprintf("%d,%s,%s,%s,%s,%s,acme\n", i+1, token.Username, token.Value, token.Kind,
			token.IssuedAt.Format(time.RFC3339), token.ExpiresAt.Format(time.RFC3339))
	}
	return out
}

func load(t *testing.T, cfg *settings.Settings, csv string) service.ImportSummary {
	t.Helper()
	sum, err := service.Import(t.Context(), cfg, service.Options{}, strings.NewReader(csv), service.ImportOptions{}, func(p service.ImportProblem) {
		t.Errorf("import: %v", p)
	})
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func open(t *testing.T, cfg *settings.Settings, o service.Options) *service.Service {
	t.Helper()
	svc, err := service.Open(t.Context(), cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := svc.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return svc
}

func missing(t *testing.T, file string) {
	t.Helper()
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s: %v; want it not to exist", filepath.Base(file), err)
	}
}

func TestOpenMakesNothingUnasked(t *testing.T) {
	cfg := config(t)
	_, err := service.Open(t.Context(), cfg, service.Options{})
	if !errors.Is(err, service.ErrNoDatabase) {
		t.Errorf("got %v; want ErrNoDatabase", err)
	}
	missing(t, cfg.StateDir)
}

func TestOpenCreates(t *testing.T) {
	cfg := config(t)
	var log strings.Builder
	svc := open(t, cfg, service.Options{Create: true, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if svc.Keeper() == nil || svc.Store() == nil {
		t.Error("a part is missing")
	}
	if !strings.Contains(log.String(), "a new sealing keyset was made") {
		t.Errorf("log %q does not tell of the keyset", log.String())
	}
	if info, err := os.Stat(cfg.KeysetFile); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("keyset: %v, %v; want mode 0600", info, err)
	}
	open(t, cfg, service.Options{}) // and now it is there
}

func TestOpenRefusesBeforeWriting(t *testing.T) {
	server := simulator(t)
	token, err := server.IssueToken(sim.TokenSpec{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		spoil func(t *testing.T, cfg *settings.Settings)
		want  error
	}{
		{"keyset lost", func(t *testing.T, cfg *settings.Settings) {
			if err := os.Remove(cfg.KeysetFile); err != nil {
				t.Fatal(err)
			}
		}, seal.ErrNoKeyset},
		{"keyset of another database", func(t *testing.T, cfg *settings.Settings) {
			other := config(t)
			open(t, other, service.Options{Create: true})
			cfg.KeysetFile = other.KeysetFile
		}, sqlstore.ErrWrongKeyset},
		{"database is a directory", func(t *testing.T, cfg *settings.Settings) {
			cfg.DatabaseURL = evergrant.NewSecret("sqlite://" + t.TempDir())
		}, sqlstore.ErrNotDatabase},
		{"unknown KMS", func(_ *testing.T, cfg *settings.Settings) {
			cfg.KMSURL = evergrant.NewSecret("frobkms://" + canary)
		}, seal.ErrKMS},
		{"KMS that is not linked in", func(_ *testing.T, cfg *settings.Settings) {
			cfg.KMSURL = evergrant.NewSecret("awskms://" + canary)
		}, seal.ErrKMS},
		{"KMS for a keyset in clear", func(_ *testing.T, cfg *settings.Settings) {
			cfg.KMSURL = evergrant.NewSecret(localKMS)
		}, seal.ErrNotWrapped},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := config(t)
			load(t, cfg, csvOf(token))
			tt.spoil(t, cfg)
			_, err := service.Open(t.Context(), cfg, service.Options{Create: true})
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v; want %v", err, tt.want)
			}
			if err != nil && (strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), canary)) {
				t.Errorf("error %q is not one line without secrets", err)
			}
			if errors.Is(tt.want, seal.ErrNoKeyset) {
				missing(t, cfg.KeysetFile)
			}
		})
	}
}

// localKMS is a key of 32 bytes in the URL, made up for this test.
const localKMS = "base64key://c21nYmptNzFOeGQxSWc1RlMwd2o5U2xiekFJcm5vbEM="

func TestKMS(t *testing.T) {
	server := simulator(t)
	token, err := server.IssueToken(sim.TokenSpec{Age: sim.Duration(2 * sim.Day)})
	if err != nil {
		t.Fatal(err)
	}
	cfg := config(t, "EVERGRANT_KMS_URL="+localKMS)
	load(t, cfg, csvOf(token))
	svc := open(t, cfg, service.Options{Offline: true})
	held, err := svc.Keeper().Token(t.Context(), 1)
	if err != nil || held.Value.Reveal() != token.Value {
		t.Errorf("the token does not come back from a wrapped keyset: %v", err)
	}
	data, err := os.ReadFile(cfg.KeysetFile)
	if err != nil || !strings.Contains(string(data), `"wrapped"`) {
		t.Errorf("the keyset file is not wrapped: %v", err)
	}
	cfg.KMSURL = evergrant.Secret{}
	if _, err := service.Open(t.Context(), cfg, service.Options{}); !errors.Is(err, seal.ErrWrapped) {
		t.Errorf("without its KMS: got %v; want ErrWrapped", err)
	}
}

func TestImportOfNothingLeavesNothing(t *testing.T) {
	cfg := config(t)
	for _, csv := range []string{"", "id,access_token\n", "id,access_token\n1,\n"} {
		_, _ = service.Import(t.Context(), cfg, service.Options{}, strings.NewReader(csv), service.ImportOptions{}, nil)
		missing(t, cfg.StateDir)
	}
}

func TestImportDryRun(t *testing.T) {
	server := simulator(t)
	tokens, err := server.IssueTokens(sim.TokenSpec{Count: 2})
	if err != nil {
		t.Fatal(err)
	}
	cfg := config(t)
	rehearse := func() service.ImportSummary {
		t.Helper()
		sum, err := service.Import(t.Context(), cfg, service.Options{}, strings.NewReader(csvOf(tokens...)), service.ImportOptions{DryRun: true}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	if sum := rehearse(); sum.Created != 2 {
		t.Errorf("without a database: %+v; want 2 created", sum)
	}
	missing(t, cfg.StateDir)
	load(t, cfg, csvOf(tokens[0]))
	if sum := rehearse(); sum.Created != 1 || sum.Unchanged != 1 {
		t.Errorf("with a database: %+v; want 1 created, 1 unchanged", sum)
	}
	if err := os.Remove(cfg.KeysetFile); err != nil {
		t.Fatal(err)
	}
	_, err = service.Import(t.Context(), cfg, service.Options{}, strings.NewReader(csvOf(tokens...)), service.ImportOptions{DryRun: true}, nil)
	if !errors.Is(err, seal.ErrNoKeyset) {
		t.Errorf("without the keyset: got %v; want ErrNoKeyset", err)
	}
}

func TestRunNeedsSecretForConvertOnly(t *testing.T) {
	server := simulator(t)
	tokens, err := server.IssueTokens(
		sim.TokenSpec{Kind: sim.Short, Age: sim.Duration(time.Minute)},
		sim.TokenSpec{Age: sim.Duration(57 * sim.Day)},
	)
	if err != nil {
		t.Fatal(err)
	}
	cfg := config(t, "EVERGRANT_INSTAGRAM_GRAPH_URL="+server.URL)
	load(t, cfg, csvOf(tokens...))
	svc := open(t, cfg, service.Options{})
	if _, err := svc.Run(t.Context(), evergrant.Job{Command: evergrant.CommandConvert}); !errors.Is(err, service.ErrNoClientSecret) {
		t.Errorf("convert: got %v; want ErrNoClientSecret", err)
	}
	if _, err := svc.Run(t.Context(), evergrant.Job{Command: evergrant.CommandConvert, DryRun: true}); err != nil {
		t.Errorf("convert, dry run: %v", err)
	}
	rep, err := svc.Run(t.Context(), evergrant.Job{Command: evergrant.CommandRefresh})
	if err != nil || rep.Summary.Refreshed != 1 || rep.Summary.Failed != 1 || rep.Stopped != "" {
		t.Errorf("refresh: %+v, %v; want 1 refreshed, 1 failed", rep.Summary, err)
	}
	if got := server.Count("exchange"); got != 0 {
		t.Errorf("%d exchanges were sent without a secret", got)
	}
}

func TestProofNeedsSecret(t *testing.T) {
	cfg := config(t, "EVERGRANT_APPSECRET_PROOF=timed")
	_, err := service.Open(t.Context(), cfg, service.Options{Create: true})
	if err == nil || !strings.Contains(err.Error(), "INSTAGRAM_CLIENT_SECRET") {
		t.Errorf("got %v; want an error that names INSTAGRAM_CLIENT_SECRET", err)
	}
	open(t, cfg, service.Options{Offline: true})
}

func TestWalk(t *testing.T) {
	server := simulator(t)
	tokens, err := server.IssueTokens(sim.TokenSpec{Count: 5, Age: sim.Duration(2 * sim.Day)}, sim.TokenSpec{Kind: sim.Short})
	if err != nil {
		t.Fatal(err)
	}
	cfg := config(t)
	load(t, cfg, csvOf(tokens...))
	svc := open(t, cfg, service.Options{Offline: true})
	var ids []int64
	sum, err := svc.Walk(t.Context(), evergrant.Filter{Limit: 2}, func(c evergrant.Channel) error {
		ids = append(ids, c.ID)
		return nil
	})
	if err != nil || fmt.Sprint(ids) != "[1 2 3 4 5 6]" {
		t.Errorf("walked %v, %v; want all six in order", ids, err)
	}
	if sum.Channels != 6 || sum.ByKind[evergrant.LongLived] != 5 || sum.ByKind[evergrant.ShortLived] != 1 || sum.NeedOwner() != 0 {
		t.Errorf("summary %+v; want 5 long, 1 short", sum)
	}
	if sum.EarliestExpiry == nil || sum.EarliestExpiry.After(tokens[5].ExpiresAt) {
		t.Errorf("earliest expiry %v; want the short one's, %v", sum.EarliestExpiry, tokens[5].ExpiresAt)
	}
	stop := errors.New("enough")
	if _, err := svc.Walk(t.Context(), evergrant.Filter{}, func(evergrant.Channel) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("got %v; want the visitor's error", err)
	}
	if _, err := svc.Channel(t.Context(), 99, nil); !errors.Is(err, evergrant.ErrNotFound) {
		t.Errorf("channel 99: got %v; want ErrNotFound", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := svc.Walk(ctx, evergrant.Filter{}, func(evergrant.Channel) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("after its context's end: %v; want context.Canceled", err)
	}
}

func TestCloseTwice(t *testing.T) {
	svc, err := service.Open(t.Context(), config(t, "EVERGRANT_KMS_URL="+localKMS), service.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := svc.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
}
