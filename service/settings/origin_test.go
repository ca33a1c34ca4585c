package settings_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/evergrant/evergrant/service/settings"
)

// A default that somebody has moved says who.
func TestOriginOfDerivedDefaults(t *testing.T) {
	for _, tt := range []struct {
		name          string
		env           []string
		state, keyset string
	}{
		{"home", []string{"HOME=/h"}, "default", "default"},
		{"systemd", []string{"HOME=/h", "XDG_STATE_HOME=/x", "STATE_DIRECTORY=/var/lib/evergrant:/b"}, "environment STATE_DIRECTORY", "default, in EVERGRANT_STATE_DIR"},
		{"XDG", []string{"HOME=/h", "XDG_STATE_HOME=/x"}, "environment XDG_STATE_HOME", "default, in EVERGRANT_STATE_DIR"},
		{"XDG that is no path", []string{"HOME=/h", "XDG_STATE_HOME=x"}, "default", "default"},
		{"named", []string{"EVERGRANT_STATE_DIR=/s"}, "environment EVERGRANT_STATE_DIR", "default, in EVERGRANT_STATE_DIR"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := mustLoad(t, settings.Input{Env: tt.env})
			if got := s.Origin("EVERGRANT_STATE_DIR"); got != tt.state {
				t.Errorf("state directory: got %q; want %q", got, tt.state)
			}
			for _, name := range []string{"EVERGRANT_KEYSET_FILE", "EVERGRANT_DATABASE_URL"} {
				if got := s.Origin(name); got != tt.keyset {
					t.Errorf("%s: got %q; want %q", name, got, tt.keyset)
				}
			}
		})
	}
}

// The app's id is no secret, and comes from a file or a credential as its secret does.
func TestClientIDFromFile(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"id", "instagram_client_id"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("271828\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct{ name, env, origin string }{
		{"file", "INSTAGRAM_CLIENT_ID_FILE=" + dir + "/id", "file " + dir + "/id"},
		{"credential", "CREDENTIALS_DIRECTORY=" + dir, "credential instagram_client_id"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := mustLoad(t, settings.Input{Env: []string{"HOME=/h", tt.env}})
			if s.ClientID != "271828" || s.Origin("INSTAGRAM_CLIENT_ID") != tt.origin {
				t.Errorf("got %q from %q; want 271828 from %q", s.ClientID, s.Origin("INSTAGRAM_CLIENT_ID"), tt.origin)
			}
		})
	}
}

func TestUnknownEnvKnowsFiles(t *testing.T) {
	got := settings.UnknownEnv([]string{"INSTAGRAM_CLIENT_ID_FILE=x", "INSTAGRAM_CLIENT_ID_FIEL=x", "EVERGRANT_OLD=", "EVERGRANT_TEST_POSTGRES=x"})
	if len(got) != 1 || got["INSTAGRAM_CLIENT_ID_FIEL"] != "INSTAGRAM_CLIENT_ID_FILE" {
		t.Errorf("got %v; want the misspelt one with its neighbour", got)
	}
}
