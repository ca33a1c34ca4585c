package settings

import "strings"

// An Explained is one setting as an operator may see it.
type Explained struct {
	Name    string `json:"name"` // the environment variable
	Key     string `json:"key"`
	Flag    string `json:"flag,omitempty"`
	Kind    Kind   `json:"kind"`
	Value   string `json:"value"`  // secrets: "set" or "not set"
	Source  string `json:"source"` // "flag --x", "environment X", "file PATH", "credential x", "default", or "default, in X"
	Secret  bool   `json:"secret"`
	Help    string `json:"help"`
	Default string `json:"default"`
}

// Explain lists every setting, its value without secrets, and where it came from.
func (s *Settings) Explain() []Explained {
	table := Table()
	list := make([]Explained, len(table))
	for i, row := range table {
		list[i] = Explained{
			Name: row.Env, Key: row.Key, Flag: row.Flag, Kind: row.Kind,
			Value: s.shown(row), Source: s.Origin(row.Env), Secret: row.Secret,
			Help: row.Help, Default: row.Default,
		}
	}
	return list
}

// Origin says where the value of a variable's setting came from.
func (s *Settings) Origin(env string) string { return s.origins[env] }

func (s *Settings) shown(row Setting) string {
	if strings.HasSuffix(s.origins[row.Env], invalid) {
		return "invalid"
	}
	value := row.show(s)
	if value == "" && row.Env == "EVERGRANT_LOG_FORMAT" {
		return row.Default
	}
	return value
}
