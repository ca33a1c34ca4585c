package settings

import (
	"path/filepath"
	"strings"
	"time"

	"github.com/evergrant/evergrant"
)

// Table lists every setting, in the order in which people read them. The slice
// is the caller's.
func Table() []Setting {
	rows := append(storageRows(), appRows()...)
	rows = append(rows, trafficRows()...)
	rows = append(rows, logRows()...)
	for i := range rows {
		rows[i].Key = keyOf(rows[i].Env)
	}
	return rows
}

func storageRows() []Setting {
	return []Setting{
		path(Setting{
			Env: "EVERGRANT_STATE_DIR", Default: "$STATE_DIRECTORY, else $XDG_STATE_HOME/evergrant, else ~/.local/state/evergrant",
			Help: "where the embedded database and the keyset live (created 0700)", make: defaultStateDir, made: originOfStateDir,
		}, func(s *Settings) *string { return &s.StateDir }),
		secret(Setting{
			Env: "EVERGRANT_DATABASE_URL", Flag: "database", Kind: Database, Default: "sqlite://$EVERGRANT_STATE_DIR/evergrant.db",
			Help: "sqlite://PATH or postgres://user:pass@host:5432/db?sslmode=…", make: defaultDatabase, made: inStateDir,
		}, func(s *Settings) *evergrant.Secret { return &s.DatabaseURL }, checkDatabase, withoutPassword),
		path(Setting{
			Env: "EVERGRANT_KEYSET_FILE", Default: "$EVERGRANT_STATE_DIR/keyset.json",
			Help: "the sealing keyset; created (0600) with the first database, never silently replaced",
			make: func(s *Settings, _ lookup) string { return under(s.StateDir, "keyset.json") }, made: inStateDir,
		}, func(s *Settings) *string { return &s.KeysetFile }),
		secret(Setting{
			Env: "EVERGRANT_KMS_URL", Kind: KMS, Help: "gocloud secrets URL of the key that wraps the keyset; empty: not wrapped",
		}, func(s *Settings) *evergrant.Secret { return &s.KMSURL }, checkKMS, schemeOnly),
	}
}

func appRows() []Setting {
	return []Setting{
		text(Setting{Env: "INSTAGRAM_CLIENT_ID", Filed: true, Help: "id of the Instagram app (not of the Meta app)"},
			func(s *Settings) *string { return &s.ClientID }, checkWord),
		secret(Setting{Env: "INSTAGRAM_CLIENT_SECRET", Kind: String, Help: "secret of the Instagram app"},
			func(s *Settings) *evergrant.Secret { return &s.ClientSecret }, checkSecret, setOrNot),
		secret(Setting{Env: "INSTAGRAM_CLIENT_SECRET_PREVIOUS", Kind: String, Help: "also accepted while a secret is being rotated"},
			func(s *Settings) *evergrant.Secret { return &s.PreviousClientSecret }, checkSecret, setOrNot),
		list(Setting{Env: "INSTAGRAM_SCOPES", Default: "instagram_business_basic,instagram_business_manage_messages", Help: "permissions asked at login"},
			func(s *Settings) *[]string { return &s.Scopes }),
		address(Setting{Env: "EVERGRANT_INSTAGRAM_AUTHORIZE_URL", Default: "https://www.instagram.com/oauth/authorize", Help: "the login page"},
			func(s *Settings) *string { return &s.AuthorizeURL }),
		address(Setting{Env: "EVERGRANT_INSTAGRAM_API_URL", Default: "https://api.instagram.com", Help: "the host of the code exchange"},
			func(s *Settings) *string { return &s.APIURL }),
		address(Setting{Env: "EVERGRANT_INSTAGRAM_GRAPH_URL", Default: "https://graph.instagram.com", Help: "the host of everything else"},
			func(s *Settings) *string { return &s.GraphURL }),
		text(Setting{Env: "EVERGRANT_GRAPH_VERSION", Default: "v25.0", Help: "version of the Graph API"},
			func(s *Settings) *string { return &s.GraphVersion }, checkVersion),
		choice(Setting{
			Env: "EVERGRANT_APPSECRET_PROOF", Default: "off", Choices: []string{"off", "token", "timed"},
			Help: "sign calls with the app secret: off, token (the token alone) or timed (with a time)",
		}, func(s *Settings) *string { return &s.AppSecretProof }),
		list(Setting{Env: "EVERGRANT_SUBSCRIBE_FIELDS", Default: "messages", MayBeEmpty: true, Help: "webhook fields subscribed after connect; empty: none"},
			func(s *Settings) *[]string { return &s.SubscribeFields }),
	}
}

func trafficRows() []Setting {
	return []Setting{
		text(Setting{Env: "EVERGRANT_LISTEN", Kind: Address, Default: "127.0.0.1:8420", Help: "address of the service"},
			func(s *Settings) *string { return &s.Listen }, checkListen),
		address(Setting{Env: "EVERGRANT_PUBLIC_URL", Default: "http://localhost:8420", Help: "base of the redirect URI and of links"},
			func(s *Settings) *string { return &s.PublicURL }),
		exits(Setting{Env: "EVERGRANT_EGRESS", Default: "direct", Help: "ordered ways out: direct, http://…, https://…, socks5://…"},
			func(s *Settings) *[]string { return &s.Egress }),
		number(Setting{Env: "EVERGRANT_CONCURRENCY", Default: "16", Help: "calls to Meta in flight"}, 1, 1000,
			func(s *Settings) *int { return &s.Concurrency }),
		number(Setting{Env: "EVERGRANT_RATE", Default: "50", Help: "calls to Meta per second for one app"}, 1, 100_000,
			func(s *Settings) *int { return &s.Rate }),
		span(Setting{Env: "EVERGRANT_CALL_TIMEOUT", Default: "10s", Help: "time limit of one call to Meta"}, time.Second, time.Minute,
			func(s *Settings) *time.Duration { return &s.CallTimeout }),
	}
}

func logRows() []Setting {
	return []Setting{
		choice(Setting{
			Env: "EVERGRANT_LOG_FORMAT", Flag: "log-format", Default: "text on a terminal, else json", Choices: []string{"text", "json"},
			Help: "form of the log on standard error", make: func(*Settings, lookup) string { return "" },
		}, func(s *Settings) *string { return &s.LogFormat }),
		{
			Env: "EVERGRANT_LOG_LEVEL", Flag: "log-level", Kind: Choice, Default: "info", Choices: []string{"debug", "info", "warn", "error"},
			Help: "the least important messages that are logged",
			set: func(s *Settings, raw string) error {
				if err := oneOf(raw, []string{"debug", "info", "warn", "error"}); err != nil {
					return err
				}
				return s.LogLevel.UnmarshalText([]byte(raw))
			},
			show: func(s *Settings) string { return strings.ToLower(s.LogLevel.String()) },
		},
	}
}

// defaultStateDir follows systemd first and the XDG rules then. Of the several
// directories that systemd may name, the first is ours.
func defaultStateDir(_ *Settings, env lookup) string {
	dir, _ := findStateDir(env)
	return dir
}

func findStateDir(env lookup) (dir, variable string) {
	if dir, _, _ := strings.Cut(env("STATE_DIRECTORY"), ":"); filepath.IsAbs(dir) {
		return dir, "STATE_DIRECTORY"
	}
	if dir := env("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "evergrant"), "XDG_STATE_HOME"
	}
	if dir := env("HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, ".local", "state", "evergrant"), "HOME"
	}
	return "", ""
}

// originOfStateDir names the variable that somebody has set for this purpose.
func originOfStateDir(_ *Settings, env lookup) string {
	if _, variable := findStateDir(env); variable != "" && variable != "HOME" {
		return "environment " + variable
	}
	return "default"
}

// inStateDir is the origin of what lies in the state directory: where that one is from.
func inStateDir(s *Settings, _ lookup) string {
	if origin := s.origins["EVERGRANT_STATE_DIR"]; origin != "default" {
		return "default, in EVERGRANT_STATE_DIR"
	}
	return "default"
}

func defaultDatabase(s *Settings, _ lookup) string {
	if file := under(s.StateDir, "evergrant.db"); file != "" {
		return "sqlite://" + file
	}
	return ""
}

// under is a file in a directory, or nothing when there is no directory.
func under(dir, file string) string {
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, file)
}
