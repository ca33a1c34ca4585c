package arch_test

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// An invocation is one use of the program in a guide, a unit or a crontab.
type invocation struct {
	file string
	args []string
}

var (
	inlineUse   = regexp.MustCompile("(?:`|<code dir=\"ltr\">)((?:[^`\n]*[ /])?evergrant [^`\n<]*)")
	commandWord = regexp.MustCompile(`^[a-z][a-z_-]*$`)
)

// Whoever copies a command from a guide, a unit or the crontab finds it in the program:
// the command and each flag is in docs/commands.md, which is held against the
// program's own help.
func TestInvocationsAreRight(t *testing.T) {
	docs := documentedCommands(t)
	aliases := map[string]string{}
	for name, doc := range docs {
		for _, alias := range doc.aliases {
			aliases[alias] = name
		}
	}
	uses := invocations(t)
	if len(uses) < 20 {
		t.Fatalf("got %d invocations; want many more: is the search broken?", len(uses))
	}
	for _, use := range uses {
		if why := wrong(use, docs, aliases); why != "" {
			t.Errorf("%s: evergrant %s: %s", use.file, strings.Join(use.args, " "), why)
		}
	}
}

// wrong says what is wrong with an invocation, "" when nothing is.
func wrong(use invocation, docs map[string]*commandDoc, aliases map[string]string) string {
	name, rest, ok := commandOf(use.args, docs, aliases)
	if !ok {
		return "there is no such command"
	}
	for _, arg := range rest {
		flag, _, _ := strings.Cut(arg, "=")
		if strings.HasPrefix(flag, "-") && flag != "-" && flag != "--help" &&
			!slices.Contains(docs[name].flags, flag) && !slices.Contains(docs[globalFlags].flags, flag) {
			return "it has no flag " + flag
		}
	}
	return ""
}

// commandOf finds the command that the arguments begin with.
func commandOf(args []string, docs map[string]*commandDoc, aliases map[string]string) (name string, rest []string, ok bool) {
	if len(args) == 0 {
		return "", nil, false
	}
	if name, ok = aliases[args[0]]; ok {
		return name, args[1:], true
	}
	if len(args) > 1 && docs[args[0]+" "+args[1]] != nil {
		return args[0] + " " + args[1], args[2:], true
	}
	if docs[args[0]] != nil {
		return args[0], args[1:], true
	}
	return "", nil, false
}

// invocations collects the uses in code blocks and code words of guides, in units, and
// in the crontab.
func invocations(t *testing.T) []invocation {
	t.Helper()
	var all []invocation
	add := func(file, line string) {
		if args, ok := arguments(line); ok {
			all = append(all, invocation{file, args})
		}
	}
	err := walk(func(name string) error {
		switch {
		case path.Ext(name) == ".md":
			text := mustRead(t, name)
			for _, line := range fenced(text) {
				add(name, line)
			}
			for _, m := range inlineUse.FindAllStringSubmatch(text, -1) {
				add(name, m[1])
			}
		case path.Ext(name) == ".service":
			for line := range strings.Lines(mustRead(t, name)) {
				if command, ok := strings.CutPrefix(line, "ExecStart="); ok {
					add(name, command)
				}
			}
		case path.Base(name) == "crontab.example":
			for line := range strings.Lines(mustRead(t, name)) {
				if !strings.HasPrefix(line, "# ") {
					add(name, line)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// arguments gives what stands behind the program's name in a line of shell, as far as
// the next operator. ok is false when the program is not run there.
func arguments(line string) (args []string, ok bool) {
	words := strings.Fields(line)
	at := -1
	for i, word := range words {
		asUser := i > 0 && (words[i-1] == "-u" || words[i-1] == "-g")
		if word = strings.TrimLeft(word, "'\"($"); (word == "evergrant" || word == "/usr/local/bin/evergrant") && !asUser {
			at = i // the last one: before it stand sudo and the like
		}
	}
	if at < 0 {
		return nil, false
	}
	for _, word := range words[at+1:] {
		if strings.ContainsAny(word[:1], "|><&;#") || strings.HasPrefix(word, "2>") {
			break
		}
		args = append(args, strings.Trim(word, "'\")"))
		if strings.HasSuffix(word, "'") || strings.HasSuffix(word, ";") {
			break
		}
	}
	// Prose and placeholders ("evergrant COMMAND") do not begin like a command.
	if len(args) == 0 || !commandWord.MatchString(args[0]) {
		return nil, false
	}
	return args, true
}

func TestArgumentsOfALine(t *testing.T) {
	for _, tt := range []struct {
		name, line, want string
	}{
		{"plain", "evergrant convert --force", "convert --force"},
		{"redirected", "evergrant convert --quiet >/dev/null", "convert --quiet"},
		{"from cron", "*/10 * * * * evergrant convert --quiet", "convert --quiet"},
		{"from a unit", "/usr/local/bin/evergrant auto-refresh --force-all", "auto-refresh --force-all"},
		{"in a shell's quotes", "sudo -u evergrant sh -c 'set -a; . /etc/evergrant/env; exec evergrant status'", "status"},
		{"another program", "crontab -u evergrant deploy/crontab.example", ""},
		{"its user", "install -d -m 0750 -g evergrant /etc/evergrant", ""},
		{"only the name", "go build -o evergrant", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			args, _ := arguments(tt.line)
			if got := strings.Join(args, " "); got != tt.want {
				t.Errorf("arguments = %q; want %q", got, tt.want)
			}
		})
	}
}

func TestWrongInvocationsAreFound(t *testing.T) {
	docs := map[string]*commandDoc{
		globalFlags: {flags: []string{"--quiet", "-o"}},
		"convert":   {flags: []string{"--force"}},
		"keys list": {},
	}
	aliases := map[string]string{"convert_instagram_tokens": "convert"}
	for _, tt := range []struct {
		line string
		ok   bool
	}{
		{"convert --force --quiet", true},
		{"convert_instagram_tokens --force", true},
		{"keys list -o json", true},
		{"convert --forse", false},
		{"keys", false},
		{"konvert", false},
	} {
		if why := wrong(invocation{"a guide", strings.Fields(tt.line)}, docs, aliases); (why == "") != tt.ok {
			t.Errorf("%q: got %q; want ok %v", tt.line, why, tt.ok)
		}
	}
}
