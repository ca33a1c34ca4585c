package settings_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evergrant/evergrant/service/settings"
)

// Whatever the file and the environment hold, Load ends, each problem is one line
// that names a place, and no secret is repeated in a problem or an explanation.
func FuzzLoad(f *testing.F) {
	f.Add("rate = 5\n", "EVERGRANT_LISTEN", "127.0.0.1:80")
	f.Add("egress = [\"direct\"]\n[x]\ny = 1\n", "EVERGRANT_EGRESS", "http://u:p@h:1")
	f.Add("instagram_client_secret = \"s\"", "INSTAGRAM_CLIENT_SECRET_FILE", "/nowhere")
	f.Add("\"\\u0000\" = 1", "EVERGRANT_DATABASE_URL", "postgres://u:p@:5432")
	f.Add("a.b.c = 1979-05-27", "EVERGRANT_RATE", "\x00")
	f.Add("kms_url = 'x://y'", "", "=")
	const canary = "canary7781c0ffee"
	f.Fuzz(func(t *testing.T, file, name, value string) {
		if len(file) > 1<<16 || len(value) > 1<<16 || strings.HasPrefix(value, "/dev/") {
			t.Skip("too large, or a device that never ends")
		}
		config := filepath.Join(t.TempDir(), "e.toml")
		if err := os.WriteFile(config, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := settings.Load(settings.Input{
			Env:  []string{"HOME=/h", name + "=" + value, "INSTAGRAM_CLIENT_SECRET=" + canary, "EVERGRANT_EGRESS=http://u:" + canary + "@p"},
			File: config,
		})
		var problems settings.Problems
		if err != nil && !errors.As(err, &problems) {
			t.Fatalf("Load gave %T; want Problems", err)
		}
		for _, p := range problems {
			if p.Where == "" || p.What == "" || strings.ContainsAny(p.Error(), "\n\r") {
				t.Errorf("problem %q is not one line with a place", p.Error())
			}
			if strings.Contains(p.Error(), canary) {
				t.Errorf("problem repeats a secret: %q", p.Error())
			}
		}
		for _, e := range s.Explain() {
			if strings.Contains(e.Value, canary) {
				t.Errorf("%s is explained with its secret: %q", e.Name, e.Value)
			}
		}
	})
}
