package settings

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/knadh/koanf/parsers/toml/v2"
	"github.com/knadh/koanf/providers/confmap"
	gotoml "github.com/pelletier/go-toml/v2"
)

// maxFileBytes bounds the configuration file.
const maxFileBytes = 1 << 20

// loadFile reads the configuration file, if one is named, and reports every key
// in it that no setting has.
func (l *loader) loadFile(table []Setting) {
	where := "--config"
	l.fileName = l.in.File
	if l.fileName == "" {
		where, l.fileName = ConfigEnv, l.getenv(ConfigEnv)
	}
	if l.fileName == "" {
		return
	}
	data, err := readBounded(l.fileName, maxFileBytes)
	if err != nil {
		l.report(where, err.Error())
		return
	}
	values, err := toml.Parser().Unmarshal(data)
	if err != nil {
		l.report("config file "+l.fileName, tomlReason(err))
		return
	}
	known := fileKeys(table)
	for _, key := range slices.Sorted(maps.Keys(values)) {
		l.checkKey(known, key, values[key])
	}
	if err := l.file.Load(confmap.Provider(values, ""), nil); err != nil {
		l.report("config file "+l.fileName, err.Error())
	}
}

// tomlReason says where the file is broken. It repeats nothing of the file, which
// may hold secrets.
func tomlReason(err error) string {
	var broken *gotoml.DecodeError
	if errors.As(err, &broken) {
		line, column := broken.Position()
		return fmt.Sprintf("is not TOML at line %d, column %d: check quotes and brackets", line, column)
	}
	return "is not TOML, or gives a key twice: write each key once, as key = \"value\""
}

func fileKeys(table []Setting) map[string]bool {
	known := make(map[string]bool, len(table))
	for _, row := range table {
		known[row.Key] = true
		if row.Filed {
			known[row.Key+"_file"] = true
		}
	}
	return known
}

// checkKey reports a key that no setting has, with the one that may be meant. A
// section's keys are named with the section.
func (l *loader) checkKey(known map[string]bool, key string, value any) {
	where := "config file " + l.fileName + ": " + printable(key)
	if known[key] {
		if _, ok := value.(string); !ok && strings.HasSuffix(key, "_file") {
			l.report(where, "wants a string in quotes")
		}
		return
	}
	if section, ok := value.(map[string]any); ok && len(section) > 0 {
		for _, inner := range slices.Sorted(maps.Keys(section)) {
			l.checkKey(known, key+"."+inner, section[inner])
		}
		return
	}
	what := "is no setting"
	if near := nearest(key, slices.Sorted(maps.Keys(known))); near != "" {
		what += ": did you mean " + near + "?"
	} else {
		what += ": evergrant config explain lists them all"
	}
	l.report(where, what)
}

// printable keeps a key from the file on one line.
func printable(key string) string {
	quoted := quote(key)
	if quoted == `"`+key+`"` {
		return key
	}
	return quoted
}
