package arch_test

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A commandDoc is what docs/commands.md says of one command.
type commandDoc struct {
	aliases []string
	flags   []string
}

var (
	commandHeading = regexp.MustCompile("^### evergrant ([a-z -]+)$")
	flagRow        = regexp.MustCompile("^\\| `(--[a-z-]+)[^`]*`(?:, `(-[a-z])`)? \\|")
	aliasName      = regexp.MustCompile("`([a-z]+(?:_[a-z]+)+)`")
	helpFlag       = regexp.MustCompile(`(?m)^ +(?:-[a-z], )?(--[a-z-]+)`)
	helpCommand    = regexp.MustCompile(`(?m)^  ([a-z-]+) `)
)

// globalFlags is the key under which the flags of every command are kept.
const globalFlags = ""

// documentedCommands reads docs/commands.md.
func documentedCommands(t *testing.T) map[string]*commandDoc {
	t.Helper()
	docs := map[string]*commandDoc{}
	var current *commandDoc
	for line := range strings.Lines(mustRead(t, "docs/commands.md")) {
		line = strings.TrimRight(line, "\n")
		switch {
		case line == "## Flags of every command":
			current = &commandDoc{}
			docs[globalFlags] = current
		case commandHeading.MatchString(line):
			current = &commandDoc{}
			docs[commandHeading.FindStringSubmatch(line)[1]] = current
		case strings.HasPrefix(line, "#"):
			current = nil
		case current == nil:
		case flagRow.MatchString(line):
			m := flagRow.FindStringSubmatch(line)
			current.flags = append(current.flags, m[1])
			if m[2] != "" {
				current.flags = append(current.flags, m[2])
			}
		default:
			for _, m := range aliasName.FindAllStringSubmatch(line, -1) {
				if strings.HasSuffix(m[1], "_tokens") || strings.HasSuffix(m[1], "_urls") {
					current.aliases = append(current.aliases, m[1])
				}
			}
		}
	}
	if len(docs) < 2 || docs[globalFlags] == nil {
		t.Fatal("docs/commands.md has no commands, or no part about the flags of every command")
	}
	return docs
}

// The program and its guide know the same commands, aliases and flags.
func TestCommandsAreDocumented(t *testing.T) {
	program := build(t)
	docs := documentedCommands(t)

	var inProgram []string
	for _, name := range subcommands(t, program, "") {
		if below := subcommands(t, program, name); len(below) > 0 && name != "completion" {
			for _, sub := range below {
				inProgram = append(inProgram, name+" "+sub)
			}
			continue
		}
		inProgram = append(inProgram, name)
	}
	for _, name := range inProgram {
		doc := docs[name]
		if doc == nil {
			t.Errorf("docs/commands.md has no part %q", "### evergrant "+name)
			continue
		}
		own, global := helpFlags(t, program, name)
		if name == "completion" { // its flags belong to the shells below it
			continue
		}
		sameSet(t, "flags of "+name, own, longOnly(doc.flags))
		sameSet(t, "global flags, seen from "+name, global, longOnly(docs[globalFlags].flags))
		for _, alias := range doc.aliases {
			if own2, _ := helpFlags(t, program, alias); !slices.Equal(own2, own) {
				t.Errorf("alias %s of %s: got flags %v; want %v", alias, name, own2, own)
			}
		}
	}
	for name := range docs {
		if name != globalFlags && !slices.Contains(inProgram, name) {
			t.Errorf("docs/commands.md describes %q, which the program does not have", name)
		}
	}
}

// build makes the program. Race detection would add nothing, and the compiler's work is
// shared with the tests of whole processes, which build it plainly, too.
func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "evergrant")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./cmd/evergrant")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build ./cmd/evergrant: %v\n%s", err, out)
	}
	return program
}

func help(t *testing.T, program, name string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, append(strings.Fields(name), "--help")...)
	cmd.Env = []string{"HOME=" + t.TempDir()}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("evergrant %s --help: %v", name, err)
	}
	return string(out)
}

// subcommands lists the commands below one, without help.
func subcommands(t *testing.T, program, name string) []string {
	t.Helper()
	_, rest, ok := strings.Cut(help(t, program, name), "\nAvailable Commands:\n")
	if !ok {
		return nil
	}
	section, _, _ := strings.Cut(rest, "\n\n")
	var names []string
	for _, m := range helpCommand.FindAllStringSubmatch(section+"\n", -1) {
		if m[1] != "help" {
			names = append(names, m[1])
		}
	}
	return names
}

// helpFlags gives a command's own flags and those that it shares, without --help.
func helpFlags(t *testing.T, program, name string) (own, global []string) {
	t.Helper()
	_, rest, _ := strings.Cut(help(t, program, name), "\nFlags:\n")
	ownText, globalText, _ := strings.Cut(rest, "\nGlobal Flags:\n")
	names := func(text string) []string {
		var found []string
		for _, m := range helpFlag.FindAllStringSubmatch(text, -1) {
			if m[1] != "--help" {
				found = append(found, m[1])
			}
		}
		return found
	}
	return names(ownText), names(globalText)
}

func longOnly(flags []string) []string {
	return slices.DeleteFunc(slices.Clone(flags), func(f string) bool { return !strings.HasPrefix(f, "--") })
}

func sameSet(t *testing.T, what string, program, guide []string) {
	t.Helper()
	slices.Sort(program)
	slices.Sort(guide)
	if !slices.Equal(program, guide) {
		t.Errorf("%s: the program has %v; docs/commands.md has %v", what, program, guide)
	}
}
