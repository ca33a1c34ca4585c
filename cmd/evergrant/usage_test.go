package main

import (
	"bytes"
	"strings"
	"testing"
)

// Wrong usage: exit 2, one line on standard error with a hint to the help, nothing on
// standard output.
func TestWrongUsage(t *testing.T) {
	for _, tt := range []struct {
		args string // separated by spaces
		want string
	}{
		{"frobnicate", `evergrant: unknown command "frobnicate" for evergrant; try evergrant --help`},
		{"conver", `did you mean convert?; try evergrant --help`},
		{"--frob", `unknown flag: --frob; try evergrant --help`},
		{"convert --frob", `unknown flag: --frob; try evergrant convert --help`},
		{"convert extra", `evergrant: convert takes no argument, got "extra"; try evergrant convert --help`},
		{"convert --channel-id many", `evergrant: --channel-id "many": give a whole number; try evergrant convert --help`},
		{"convert --channel-id 0", `--channel-id 0: give the id of a channel, a number from 1 on`},
		{"refresh --channel-id -5", `--channel-id -5: give the id of a channel`},
		{"convert --channel-id 99999999999999999999", `--channel-id "99999999999999999999": give a whole number`},
		{"convert --force=perhaps", `--force "perhaps": give true or false, or nothing`},
		{"demo --seed=-1", `--seed "-1": give a whole number from 0 on`},
		{"status -o xml", `--output "xml": give table or json`},
		{"status --status lost", `--status "lost": give one of`},
		{"status --channel-id 1 --tenant acme", `--channel-id stands alone`},
		{"auto-refresh --days-before-expiry=-1", `--days-before-expiry -1: give a number of days from 0 to 365`},
		{"auto-refresh --days-before-expiry=week", `--days-before-expiry "week": give a whole number`},
		{"plan --days 0", `--days 0: give a number of days from 1 to 366`},
		{"why", `evergrant: why needs --channel-id`},
		{"token", `evergrant: token needs --channel-id`},
		{"disconnect", `evergrant: disconnect needs --channel-id`},
		{"import", `evergrant: import needs one FILE, or - for standard input`},
		{"import a b", `evergrant: import needs one FILE`},
		{"import --format xml file", `--format "xml": give csv or ndjson`},
		{"export --format xml", `--format "xml": give csv or ndjson`},
		{"keys frob", `unknown command "frob" for evergrant keys; try evergrant keys --help`},
		{"keys retire", `evergrant: keys retire needs the ID of one key`},
		{"help frob", `no help on "frob"`},
		{"completion tcsh", `unknown command "tcsh" for evergrant completion`},
		{"demo --channels 0", `--channels 0: give a number from 1 to 100000`},
		{"demo --log-level loud", `--log-level: "loud" is unknown: give debug, info, warn, error`},
		{"status --log-level loud", `--log-level: "loud" is unknown: give debug, info, warn, error`},
		{"status --database mysql://h/db", `--database: is not a database URL`},
		{"serve", `unknown command "serve"`},
	} {
		t.Run(tt.args, func(t *testing.T) {
			var out, errOut bytes.Buffer
			code := run(t.Context(), strings.Fields(tt.args), []string{"HOME=/nowhere"}, strings.NewReader(""), &out, &errOut)
			if code != exitUsage {
				t.Errorf("exit code %d; want %d", code, exitUsage)
			}
			text := errOut.String()
			if !strings.HasPrefix(text, "evergrant: ") || strings.Count(text, "\n") != 1 || !strings.Contains(text, tt.want) {
				t.Errorf("got %q; want one line with %q", text, tt.want)
			}
			if out.Len() > 0 {
				t.Errorf("standard output holds %q; want nothing", out.String())
			}
		})
	}
}

// Help, version and completions go to standard output and need no settings.
func TestHelp(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"", "Available Commands:"},
		{"keys", "rotate"},
		{"config", "explain"},
		{"convert --help", "convert_instagram_tokens"},
		{"help auto-refresh", "--days-before-expiry"},
		{"help keys rotate", "--new-key"},
		{"version", "evergrant "},
		{"version -o json", `"version"`},
		{"completion bash", "__start_evergrant"},
		{"completion zsh", "#compdef evergrant"},
		{"completion fish", "complete -c evergrant"},
		{"__complete conv", "convert\t"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			var out, errOut bytes.Buffer
			code := run(t.Context(), strings.Fields(tt.args), []string{"EVERGRANT_RATE=broken"}, strings.NewReader(""), &out, &errOut)
			if code != exitOK || !strings.Contains(out.String(), tt.want) {
				t.Errorf("exit code %d, %q, %q; want %d and %q", code, out.String(), errOut.String(), exitOK, tt.want)
			}
		})
	}
}

// The commands, flags and aliases that people script against.
func TestContract(t *testing.T) {
	a := &app{}
	root := a.root()
	for command, flags := range map[string][]string{
		"convert":                       {"channel-id", "check-only", "force"},
		"convert_instagram_tokens":      {"channel-id", "check-only", "force"},
		"auto-refresh":                  {"days-before-expiry", "dry-run", "force-all"},
		"auto_refresh_instagram_tokens": {"days-before-expiry", "dry-run", "force-all"},
		"refresh":                       {"channel-id", "check-only"},
		"refresh_instagram_tokens":      {"channel-id", "check-only"},
		"status":                        {"channel-id", "status", "tenant"},
		"check_instagram_tokens":        {"channel-id", "status", "tenant"},
		"plan":                          {"days", "calendar"},
		"why":                           {"channel-id"},
		"import":                        {"format", "dry-run", "tenant"},
		"export":                        {"format", "with-tokens", "yes"},
		"disconnect":                    {"channel-id"},
		"token":                         {"channel-id"},
		"keys list":                     {},
		"keys rotate":                   {},
		"keys retire":                   {},
		"sim":                           {"listen", "scenario"},
		"demo":                          {"channels", "listen"},
		"doctor":                        {},
		"config explain":                {},
		"version":                       {},
		"completion bash":               {},
	} {
		cmd, rest, err := root.Find(strings.Fields(command))
		if err != nil || len(rest) > 0 {
			t.Errorf("no command %q: %v %v", command, rest, err)
			continue
		}
		for _, flag := range append(flags, "database", "config", "output", "quiet", "log-format", "log-level") {
			if cmd.Flag(flag) == nil {
				t.Errorf("%s has no flag --%s", command, flag)
			}
		}
	}
}
