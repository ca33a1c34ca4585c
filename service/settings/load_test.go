package settings_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/evergrant/evergrant/service/settings"
)

// write makes a file in a fresh directory and returns its path.
func write(t *testing.T, name, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func mustLoad(t *testing.T, in settings.Input) *settings.Settings {
	t.Helper()
	s, err := settings.Load(in)
	if err != nil {
		t.Fatalf("Load = %v; want no problem", err)
	}
	return s
}

func TestDefaults(t *testing.T) {
	s := mustLoad(t, settings.Input{Env: []string{"HOME=/home/op"}})
	for _, tt := range []struct {
		name      string
		got, want any
	}{
		{"state directory", s.StateDir, "/home/op/.local/state/evergrant"},
		{"database", s.DatabaseURL.Reveal(), "sqlite:///home/op/.local/state/evergrant/evergrant.db"},
		{"keyset", s.KeysetFile, "/home/op/.local/state/evergrant/keyset.json"},
		{"KMS", s.KMSURL.Reveal(), ""},
		{"scopes", s.Scopes, []string{"instagram_business_basic", "instagram_business_manage_messages"}},
		{"login page", s.AuthorizeURL, "https://www.instagram.com/oauth/authorize"},
		{"API", s.APIURL, "https://api.instagram.com"},
		{"Graph", s.GraphURL, "https://graph.instagram.com"},
		{"version", s.GraphVersion, "v25.0"},
		{"fields", s.SubscribeFields, []string{"messages"}},
		{"listen", s.Listen, "127.0.0.1:8420"},
		{"redirect URI", s.CallbackURL(), "http://localhost:8420/oauth/instagram/callback"},
		{"egress", s.Egress, []string{"direct"}},
		{"concurrency", s.Concurrency, 16},
		{"rate", s.Rate, 50},
		{"timeout", s.CallTimeout, 10 * time.Second},
		{"proof", s.AppSecretProof, "off"},
		{"log format", s.LogFormat, ""},
		{"log level", s.LogLevel.String(), "INFO"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if !reflect.DeepEqual(tt.got, tt.want) {
				t.Errorf("got %v; want %v", tt.got, tt.want)
			}
		})
	}
}

func TestStateDir(t *testing.T) {
	for _, tt := range []struct {
		name string
		env  []string
		want string
	}{
		{"systemd", []string{"HOME=/home/op", "XDG_STATE_HOME=/xdg", "STATE_DIRECTORY=/var/lib/evergrant"}, "/var/lib/evergrant"},
		{"first of systemd's", []string{"STATE_DIRECTORY=/var/lib/a:/var/lib/b"}, "/var/lib/a"},
		{"XDG", []string{"HOME=/home/op", "XDG_STATE_HOME=/xdg"}, "/xdg/evergrant"},
		{"relative XDG is ignored, as its rules say", []string{"HOME=/home/op", "XDG_STATE_HOME=xdg"}, "/home/op/.local/state/evergrant"},
		{"own variable", []string{"STATE_DIRECTORY=/var/lib/a", "EVERGRANT_STATE_DIR=/mine"}, "/mine"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := mustLoad(t, settings.Input{Env: tt.env})
			if s.StateDir != tt.want {
				t.Errorf("got %q; want %q", s.StateDir, tt.want)
			}
			if want := filepath.Join(tt.want, "keyset.json"); s.KeysetFile != want {
				t.Errorf("keyset: got %q; want %q", s.KeysetFile, want)
			}
		})
	}
}

func TestPrecedence(t *testing.T) {
	file := write(t, "evergrant.toml", `
log_level = "error"
rate = 7
database_url = "sqlite:///file.db"
egress = ["direct", "socks5://127.0.0.1:1080"]
subscribe_fields = ""
`)
	s := mustLoad(t, settings.Input{
		Flags: map[string]string{"database": "sqlite:///flag.db"},
		Env:   []string{"HOME=/home/op", "EVERGRANT_DATABASE_URL=sqlite:///env.db", "EVERGRANT_LOG_LEVEL=debug", "EVERGRANT_CONCURRENCY="},
		File:  file,
	})
	for _, tt := range []struct{ env, value, source string }{
		{"EVERGRANT_DATABASE_URL", "sqlite:///flag.db", "flag --database"},
		{"EVERGRANT_LOG_LEVEL", "debug", "environment EVERGRANT_LOG_LEVEL"},
		{"EVERGRANT_RATE", "7", "file " + file},
		{"EVERGRANT_EGRESS", "direct,socks5://127.0.0.1:1080", "file " + file},
		{"EVERGRANT_SUBSCRIBE_FIELDS", "", "file " + file},
		{"EVERGRANT_CONCURRENCY", "16", "default"},
	} {
		t.Run(tt.env, func(t *testing.T) {
			got := explained(t, s, tt.env)
			if got.Value != tt.value || got.Source != tt.source {
				t.Errorf("got %q from %q; want %q from %q", got.Value, got.Source, tt.value, tt.source)
			}
		})
	}
}

func TestEmptyVariable(t *testing.T) {
	s := mustLoad(t, settings.Input{Env: []string{"HOME=/h", "EVERGRANT_SUBSCRIBE_FIELDS=", "INSTAGRAM_CLIENT_SECRET="}})
	if len(s.SubscribeFields) != 0 {
		t.Errorf("fields: got %v; want none, for an empty list is a value", s.SubscribeFields)
	}
	if !s.ClientSecret.Empty() || s.Origin("INSTAGRAM_CLIENT_SECRET") != "default" {
		t.Errorf("an empty variable counted as set: from %q", s.Origin("INSTAGRAM_CLIENT_SECRET"))
	}
}

func TestConfigFromEnvironment(t *testing.T) {
	file := write(t, "c.toml", "instagram_client_id = \"4711\"\n")
	s := mustLoad(t, settings.Input{Env: []string{"HOME=/h", settings.ConfigEnv + "=" + file}})
	if s.ClientID != "4711" {
		t.Errorf("client id: got %q; want 4711", s.ClientID)
	}
}

func TestSecretSources(t *testing.T) {
	const canary = "canary-secret-5f0c"
	secretFile := write(t, "secret", canary+"\n")
	credentials := filepath.Dir(write(t, "instagram_client_secret", canary+"\r\n"))
	config := write(t, "e.toml", "instagram_client_secret_file = \""+secretFile+"\"\n")
	for _, tt := range []struct {
		name   string
		in     settings.Input
		source string
	}{
		{"variable", settings.Input{Env: []string{"INSTAGRAM_CLIENT_SECRET=" + canary}}, "environment INSTAGRAM_CLIENT_SECRET"},
		{"file", settings.Input{Env: []string{"INSTAGRAM_CLIENT_SECRET_FILE=" + secretFile}}, "file " + secretFile},
		{"credential", settings.Input{Env: []string{"CREDENTIALS_DIRECTORY=" + credentials}}, "credential instagram_client_secret"},
		{"config file names a file", settings.Input{File: config}, "file " + secretFile},
		{"variable before credential", settings.Input{Env: []string{"INSTAGRAM_CLIENT_SECRET=" + canary, "CREDENTIALS_DIRECTORY=/nowhere"}}, "environment INSTAGRAM_CLIENT_SECRET"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.in.Env = append(tt.in.Env, "HOME=/h")
			s := mustLoad(t, tt.in)
			if got := s.ClientSecret.Reveal(); got != canary {
				t.Errorf("got a secret of %d bytes; want the canary", len(got))
			}
			if got := explained(t, s, "INSTAGRAM_CLIENT_SECRET"); got.Value != "set" || got.Source != tt.source {
				t.Errorf("explained as %q from %q; want set from %q", got.Value, got.Source, tt.source)
			}
		})
	}
}

func TestProblems(t *testing.T) {
	dir := t.TempDir()
	empty := write(t, "empty", "\n")
	huge := write(t, "huge", strings.Repeat("x", 70<<10))
	for _, tt := range []struct {
		name string
		env  string // separated by spaces
		file string
		want string
	}{
		{"no host", "EVERGRANT_INSTAGRAM_GRAPH_URL=https://", "", `EVERGRANT_INSTAGRAM_GRAPH_URL: "https://" has no host: give one such as https://example.com`},
		{"port without host", "EVERGRANT_PUBLIC_URL=http://:8420", "", `EVERGRANT_PUBLIC_URL: "http://:8420" has no host: give one such as https://example.com`},
		{"no scheme", "EVERGRANT_INSTAGRAM_API_URL=api.instagram.com", "", `EVERGRANT_INSTAGRAM_API_URL: "api.instagram.com" does not begin with http:// or https://`},
		{"not a URL", "EVERGRANT_PUBLIC_URL=http://[::1", "", `EVERGRANT_PUBLIC_URL: "http://[::1" is not a URL: give one such as https://example.com`},
		{"query", "EVERGRANT_PUBLIC_URL=http://h/?a=b", "", `EVERGRANT_PUBLIC_URL: "http://h/?a=b" has a query or a fragment: leave them out`},
		{"password in URL", "EVERGRANT_PUBLIC_URL=http://u:canary@h/", "", `EVERGRANT_PUBLIC_URL: holds a user or password: leave them out of the URL`},
		{"port of URL", "EVERGRANT_PUBLIC_URL=http://h:99999", "", `EVERGRANT_PUBLIC_URL: port "99999" is not a number from 0 to 65535`},
		{"listen", "EVERGRANT_LISTEN=8420", "", `EVERGRANT_LISTEN: "8420" is not an address: give host:port, such as 127.0.0.1:8420`},
		{"number", "EVERGRANT_CONCURRENCY=many", "", `EVERGRANT_CONCURRENCY: "many" is not a whole number from 1 to 1000`},
		{"zero", "EVERGRANT_RATE=0", "", `EVERGRANT_RATE: "0" is not a whole number from 1 to 100000`},
		{"duration", "EVERGRANT_CALL_TIMEOUT=10", "", `EVERGRANT_CALL_TIMEOUT: "10" is not a duration from 1s to 1m0s: write it like 10s`},
		{"choice", "EVERGRANT_LOG_FORMAT=xml", "", `EVERGRANT_LOG_FORMAT: "xml" is unknown: give text, json`},
		{"level", "EVERGRANT_LOG_LEVEL=loud", "", `EVERGRANT_LOG_LEVEL: "loud" is unknown: give debug, info, warn, error`},
		{"version", "EVERGRANT_GRAPH_VERSION=25", "", `EVERGRANT_GRAPH_VERSION: "25" is no version of the Graph API: give one such as v25.0`},
		{"database", "EVERGRANT_DATABASE_URL=mysql://u:canary@h/db", "", `EVERGRANT_DATABASE_URL: is not a database URL: give sqlite:///path/to/evergrant.db or postgres://user:pass@host:5432/db`},
		{"database without a name", "EVERGRANT_DATABASE_URL=sqlite://", "", `EVERGRANT_DATABASE_URL: sqlite:// names no database: give sqlite:///path/to/evergrant.db or postgres://user:pass@host:5432/db`},
		{"database without host", "EVERGRANT_DATABASE_URL=postgres:///db", "", `EVERGRANT_DATABASE_URL: has no host: give postgres://user:pass@host:5432/db`},
		{"database password", "EVERGRANT_DATABASE_URL=postgres://u:canary%zz@h/db", "", `EVERGRANT_DATABASE_URL: is not a URL: percent-encode special characters of the password`},
		{"KMS", "EVERGRANT_KMS_URL=canary", "", `EVERGRANT_KMS_URL: is not a gocloud secrets URL: give one such as base64key://… or hashivault://…`},
		{"exit", "EVERGRANT_EGRESS=direct,ftp://u:canary@h", "", `EVERGRANT_EGRESS: way 2 is unknown: give direct, http://…, https://… or socks5://…`},
		{"exit without host", "EVERGRANT_EGRESS=socks5://", "", `EVERGRANT_EGRESS: way 1 (socks5://) has no host`},
		{"exit with a path", "EVERGRANT_EGRESS=http://u:canary@h:1/canary", "", `EVERGRANT_EGRESS: way 1 (http://) has a path, query or fragment: give scheme://host:port`},
		{"id beyond ASCII", "INSTAGRAM_CLIENT_ID=۱۲۳", "", `INSTAGRAM_CLIENT_ID: "۱۲۳" holds a space, a control character or one beyond ASCII: give the id alone`},
		{"exit that is no URL", "EVERGRANT_EGRESS=http://u:canary%zz@h", "", `EVERGRANT_EGRESS: way 1 is not a URL: percent-encode special characters of the password`},
		{"no exit", "EVERGRANT_EGRESS=,", "", `EVERGRANT_EGRESS: names no way out: give direct, http://…, https://… or socks5://…`},
		{"both", "INSTAGRAM_CLIENT_SECRET=canary INSTAGRAM_CLIENT_SECRET_FILE=/x", "", `INSTAGRAM_CLIENT_SECRET: and INSTAGRAM_CLIENT_SECRET_FILE are both set: keep one`},
		{"missing file", "INSTAGRAM_CLIENT_SECRET_FILE=" + dir + "/none", "", `INSTAGRAM_CLIENT_SECRET_FILE: file ` + dir + `/none cannot be read: no such file or directory; check the path and its permissions`},
		{"directory as file", "INSTAGRAM_CLIENT_SECRET_FILE=" + dir, "", `INSTAGRAM_CLIENT_SECRET_FILE: file ` + dir + ` cannot be read: is a directory; check the path and its permissions`},
		{"empty file", "INSTAGRAM_CLIENT_SECRET_FILE=" + empty, "", `INSTAGRAM_CLIENT_SECRET_FILE: file ` + empty + ` is empty: write the value into it`},
		{"huge file", "INSTAGRAM_CLIENT_SECRET_FILE=" + huge, "", `INSTAGRAM_CLIENT_SECRET_FILE: file ` + huge + ` is larger than 65536 bytes: give the right file`},
		{"no home", "HOME=", "", `EVERGRANT_STATE_DIR: has no default here, because HOME is not set: give the directory for the database and the keyset`},
		{"typing error in the file", "", "databse_url = \"x\"", `databse_url: is no setting: did you mean database_url?`},
		{"variable's name in the file", "", "EVERGRANT_RATE = 5", `EVERGRANT_RATE: is no setting: did you mean rate?`},
		{"section in the file", "", "[instagram]\nclient_id = \"5\"", `instagram.client_id: is no setting: did you mean instagram_client_id?`},
		{"empty section", "", "[serve]", `serve: is no setting: evergrant config explain lists them all`},
		{"far from everything", "", "\"a b\\n\" = 1", `"a b\n": is no setting: evergrant config explain lists them all`},
		{"wrong type", "", "log_level = 5", `log_level: wants a string in quotes`},
		{"number in quotes that is none", "", "rate = \"fast\"", `rate: "fast" is not a whole number from 1 to 100000`},
		{"fraction", "", "rate = 1.5", `rate: wants a whole number`},
		{"list of numbers", "", "egress = [1]", `egress: wants a list of strings without commas; item 1 is none`},
		{"number for a list", "", "egress = 1", `egress: wants a string or a list of strings`},
		{"file's name of a wrong type", "", "kms_url_file = 1", `kms_url_file: wants a string in quotes`},
		{"both in the file", "", "kms_url = \"a://b\"\nkms_url_file = \"b\"", `kms_url: and kms_url_file are both set: keep one`},
		{"not TOML", "", "a = 'canary", `is not TOML at line 1, column 12: check quotes and brackets`},
		{"key given twice", "", "rate = 1\nrate = 2", `is not TOML, or gives a key twice: write each key once, as key = "value"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := settings.Input{Env: append([]string{"HOME=/h"}, strings.Fields(tt.env)...)}
			if tt.file != "" {
				in.File = write(t, "e.toml", tt.file)
				tt.want = "config file " + in.File + ": " + tt.want
			}
			_, err := settings.Load(in)
			var problems settings.Problems
			if !errors.As(err, &problems) || len(problems) != 1 {
				t.Fatalf("Load = %v; want one problem", err)
			}
			if got := err.Error(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if strings.Contains(err.Error(), "canary") {
				t.Errorf("the problem repeats a secret: %v", err)
			}
		})
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	s, err := settings.Load(settings.Input{
		Flags: map[string]string{"log-level": "loud"},
		Env:   []string{"HOME=/h", "EVERGRANT_RATE=x", "EVERGRANT_CONCURRENCY=y", "INSTAGRAM_CLIENT_ID=a b"},
		File:  write(t, "e.toml", "whatever = 1\nlisten = \"x\"\n"),
	})
	var problems settings.Problems
	if !errors.As(err, &problems) {
		t.Fatalf("Load = %v; want Problems", err)
	}
	for i, want := range []string{"whatever", "INSTAGRAM_CLIENT_ID", "listen", "EVERGRANT_CONCURRENCY", "EVERGRANT_RATE", "--log-level"} {
		if i >= len(problems) || !strings.HasSuffix(problems[i].Where, want) {
			t.Errorf("problem %d of %v is not about %s", i, problems, want)
		}
	}
	if got := strings.Count(err.Error(), "\n"); got != 5 {
		t.Errorf("got %d line breaks; want one line for each of 6 problems", got)
	}
	if got := explained(t, s, "EVERGRANT_RATE"); got.Value != "invalid" {
		t.Errorf("a refused value is explained as %q; want invalid", got.Value)
	}
}

func TestConfigFileUnreadable(t *testing.T) {
	_, err := settings.Load(settings.Input{Env: []string{"HOME=/h"}, File: "/nowhere/e.toml"})
	want := "--config: file /nowhere/e.toml cannot be read: no such file or directory; check the path and its permissions"
	if err == nil || err.Error() != want {
		t.Errorf("got %v; want %s", err, want)
	}
}

func TestUnreadableCredential(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "instagram_client_secret"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := settings.Load(settings.Input{Env: []string{"HOME=/h", "CREDENTIALS_DIRECTORY=" + dir}})
	if err == nil || !strings.HasPrefix(err.Error(), "credential instagram_client_secret: file "+dir) {
		t.Errorf("got %v; want a problem that names the credential", err)
	}
}
