package settings

import (
	"fmt"
	"strings"

	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/v2"
)

// Input is what settings are loaded from. Its zero value gives the defaults,
// except that there is no home directory to derive them from.
type Input struct {
	Flags map[string]string // the flags that were given, by Setting.Flag
	Env   []string          // the environment, as os.Environ gives it
	File  string            // the configuration file; empty: the one that EVERGRANT_CONFIG names, if any
}

// ConfigEnv names the configuration file when no flag does.
const ConfigEnv = prefix + "CONFIG"

// lookup returns a variable of the environment, empty when it is not set.
type lookup func(name string) string

// loader holds the layers while they are read. A dot never splits a key: the
// delimiter is one that no key can hold.
type loader struct {
	in       Input
	env      *koanf.Koanf
	file     *koanf.Koanf
	fileName string
	problems Problems
}

const delimiter = "\x00"

// Load reads all layers. The error is of type [Problems]; the settings are
// returned even then, with what could be read, so that they can be explained.
func Load(in Input) (*Settings, error) {
	l := &loader{in: in, env: koanf.New(delimiter), file: koanf.New(delimiter)}
	l.loadEnv()
	table := Table()
	l.loadFile(table)
	s := &Settings{origins: make(map[string]string, len(table))}
	for _, row := range table {
		l.apply(s, row)
	}
	if len(l.problems) > 0 {
		return s, l.problems
	}
	return s, nil
}

func (l *loader) loadEnv() {
	provider := env.Provider("", env.Opt{EnvironFunc: func() []string { return l.in.Env }})
	values, err := provider.Read()
	if err == nil {
		err = l.env.Load(confmap.Provider(values, ""), nil)
	}
	if err != nil { // neither reads anything that can fail; say so if that ever changes
		l.report("environment", "cannot be read: "+err.Error())
	}
}

func (l *loader) getenv(name string) string {
	value, _ := l.env.Get(name).(string)
	return value
}

func (l *loader) report(where, what string) {
	l.problems = append(l.problems, Problem{where, what})
}

// A finding is a value together with the place where it was found.
type finding struct {
	value  string
	where  string // for problems
	origin string // for config explain
}

// apply finds the value of one row, and sets it.
func (l *loader) apply(s *Settings, row Setting) {
	found, ok := l.find(row)
	if !ok {
		l.applyDefault(s, row)
		return
	}
	s.origins[row.Env] = found.origin
	if err := row.set(s, found.value); err != nil {
		l.report(found.where, err.Error())
		s.origins[row.Env] = found.origin + invalid
	}
}

// invalid marks the origin of a value that was refused.
const invalid = " (invalid)"

func (l *loader) applyDefault(s *Settings, row Setting) {
	value := row.Default
	if row.make != nil {
		value = row.make(s, l.getenv)
		if value == "" && row.Kind == Path && row.Env == "EVERGRANT_STATE_DIR" {
			l.report(row.Env, "has no default here, because HOME is not set: give the directory for the database and the keyset")
		}
	}
	s.origins[row.Env] = "default"
	if row.made != nil {
		s.origins[row.Env] = row.made(s, l.getenv)
	}
	if value == "" {
		return
	}
	if err := row.set(s, value); err != nil {
		l.report(row.Env, "its default "+err.Error())
	}
}

// find walks the layers from the strongest to the weakest.
func (l *loader) find(row Setting) (finding, bool) {
	if row.Flag != "" {
		if value, ok := l.in.Flags[row.Flag]; ok {
			return finding{value, "--" + row.Flag, "flag --" + row.Flag}, true
		}
	}
	value, set := l.env.Get(row.Env).(string)
	if value == "" && !row.MayBeEmpty {
		set = false
	}
	if row.Filed {
		if found, ok := l.findSecretFile(row, set); ok {
			return found, true
		}
	}
	if set {
		return finding{value, row.Env, "environment " + row.Env}, true
	}
	if row.Filed {
		if found, ok := l.findCredential(row); ok {
			return found, true
		}
	}
	return l.findInFile(row)
}

// findInFile reads a value of the configuration file. Numbers and lists keep
// their TOML form there; everything else is a string.
func (l *loader) findInFile(row Setting) (finding, bool) {
	where := "config file " + l.fileName + ": " + row.Key
	origin := "file " + l.fileName
	if row.Filed {
		if name, ok := l.file.Get(row.Key + "_file").(string); ok {
			if l.file.Exists(row.Key) {
				l.report(where, "and "+row.Key+"_file are both set: keep one")
				return finding{}, false
			}
			return l.readSecret(name, where+"_file", "file "+name)
		}
	}
	if !l.file.Exists(row.Key) {
		return finding{}, false
	}
	value, err := fileValue(row, l.file.Get(row.Key))
	if err != nil {
		l.report(where, err.Error())
		return finding{}, false
	}
	if value == "" && !row.MayBeEmpty {
		return finding{}, false
	}
	return finding{value, where, origin}, true
}

// fileValue turns a TOML value into the text that a variable would hold.
func fileValue(row Setting, value any) (string, error) {
	switch value := value.(type) {
	case string:
		return value, nil
	case int64:
		if row.Kind == Int {
			return fmt.Sprint(value), nil
		}
	case []any:
		if row.Kind == List || row.Kind == Exits {
			return joinWords(value)
		}
	}
	want := map[Kind]string{Int: "a whole number", List: "a string or a list of strings", Exits: "a string or a list of strings"}[row.Kind]
	if want == "" {
		want = "a string in quotes"
	}
	return "", fmt.Errorf("wants %s", want)
}

func joinWords(values []any) (string, error) {
	words := make([]string, len(values))
	for i, value := range values {
		word, ok := value.(string)
		if !ok || strings.Contains(word, ",") {
			return "", fmt.Errorf("wants a list of strings without commas; item %d is none", i+1)
		}
		words[i] = word
	}
	return strings.Join(words, ","), nil
}
