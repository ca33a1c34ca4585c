package settings_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"testing"

	"github.com/evergrant/evergrant/service/settings"
)

func explained(t *testing.T, s *settings.Settings, env string) settings.Explained {
	t.Helper()
	for _, e := range s.Explain() {
		if e.Name == env {
			return e
		}
	}
	t.Fatalf("no setting %s", env)
	return settings.Explained{}
}

func TestExplainHidesSecrets(t *testing.T) {
	for _, tt := range []struct{ name, env, value, want string }{
		{"client secret", "INSTAGRAM_CLIENT_SECRET", "canary", "set"},
		{"no client secret", "INSTAGRAM_CLIENT_SECRET", "", "not set"},
		{"database password", "EVERGRANT_DATABASE_URL", "postgres://op:canary@db:5432/e?sslmode=require", "postgres://op:xxxxx@db:5432/e?sslmode=require"},
		{"database password in the query", "EVERGRANT_DATABASE_URL", "postgres://db/e?password=canary&user=op", "postgres://db/e?password=xxxxx&user=op"},
		{"SQLite", "EVERGRANT_DATABASE_URL", "sqlite:///v/e.db", "sqlite:///v/e.db"},
		{"key in a KMS URL", "EVERGRANT_KMS_URL", "base64key://canary", "base64key://…"},
		{"no KMS", "EVERGRANT_KMS_URL", "", "not set"},
		{"proxy", "EVERGRANT_EGRESS", "http://canary:canary@p:1,direct", "http://xxxxx@p:1,direct"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := mustLoad(t, settings.Input{Env: []string{"HOME=/h", tt.env + "=" + tt.value}})
			if got := explained(t, s, tt.env); got.Value != tt.want || !got.Secret {
				t.Errorf("got %q, secret %v; want %q, secret true", got.Value, got.Secret, tt.want)
			}
		})
	}
}

func TestSettingsNeverPrintSecrets(t *testing.T) {
	s := mustLoad(t, settings.Input{Env: []string{
		"HOME=/h", "INSTAGRAM_CLIENT_SECRET=canary", "EVERGRANT_EGRESS=http://u:canary@p:1", "EVERGRANT_DATABASE_URL=postgres://u:canary@h/db",
	}})
	var out strings.Builder
	for _, v := range []any{s, *s} {
		fmt.Fprintf(&out, "%v %+v %#v %s %q %d %x", v, v, v, v, v, v, v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("settings", "s", v)
		slog.New(slog.NewTextHandler(&out, nil)).Info("settings", "s", v)
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(data)
	}
	data, err := json.Marshal(s.Explain())
	if err != nil {
		t.Fatal(err)
	}
	out.Write(data)
	if strings.Contains(out.String(), "canary") {
		t.Errorf("a secret was printed: %s", out.String())
	}
}

func TestExplainLogFormat(t *testing.T) {
	s := mustLoad(t, settings.Input{Env: []string{"HOME=/h"}})
	if got := explained(t, s, "EVERGRANT_LOG_FORMAT").Value; got != "text on a terminal, else json" {
		t.Errorf("got %q; want what the default means", got)
	}
}

func TestTableIsWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, row := range settings.Table() {
		if row.Env == "" || row.Key == "" || row.Kind == "" || row.Help == "" {
			t.Errorf("%+v lacks a field", row.Env)
		}
		for _, name := range []string{row.Env, row.Key} {
			if seen[name] {
				t.Errorf("%s is there twice", name)
			}
			seen[name] = true
		}
	}
}

func TestUnknownEnv(t *testing.T) {
	got := settings.UnknownEnv([]string{
		"HOME=/h", "EVERGRANT_RATE=1", "EVERGRANT_CONFIG=x", "INSTAGRAM_CLIENT_SECRET_FILE=x", "EVERGRANT_TEST_POSTGRES=x",
		"EVERGRANT_DATABSE_URL=x", "INSTAGRAM_USER=me",
	})
	want := map[string]string{"EVERGRANT_DATABSE_URL": "EVERGRANT_DATABASE_URL", "INSTAGRAM_USER": ""}
	if !maps.Equal(got, want) {
		t.Errorf("got %v; want %v", got, want)
	}
}
