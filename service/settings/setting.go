package settings

import "strings"

// A Kind is the type of a setting's value.
type Kind string

// The kinds of setting.
const (
	String   Kind = "string"
	Path     Kind = "path"
	Choice   Kind = "choice" // one of Setting.Choices
	List     Kind = "list"   // separated by commas; in the file, an array will do
	Int      Kind = "int"
	Duration Kind = "duration" // Go's form: 10s, 1m30s
	URL      Kind = "url"      // absolute http or https, with a host
	Address  Kind = "address"  // host:port
	Database Kind = "database" // sqlite:// or postgres://
	KMS      Kind = "kms"      // a gocloud secrets URL
	Exits    Kind = "exits"    // a list of ways out: direct, http://…, https://…, socks5://…
)

// A Setting is one row of the table.
type Setting struct {
	Env     string // the environment variable
	Key     string // the key in the configuration file
	Flag    string // the command-line flag without its dashes; empty: none
	Kind    Kind
	Default string // as the help shows it; derived defaults name the variables they come from
	Help    string // one line
	Choices []string
	Secret  bool // holds a secret, or may: never printed whole
	Filed   bool // also read from X_FILE and from systemd credentials; every secret is
	// MayBeEmpty: an empty value is a value, and does not fall back to the next layer.
	MayBeEmpty bool

	set  func(*Settings, string) error  // parses, checks and stores a value
	show func(*Settings) string         // the value as it may be printed
	make func(*Settings, lookup) string // the default, when it depends on the environment or on other settings
	made func(*Settings, lookup) string // where that comes from; nil: "default"
}

// FileEnv is the variable that names a file with the value.
func (s Setting) FileEnv() string { return s.Env + "_FILE" }

// Credential is the name of the systemd credential that may hold the value.
func (s Setting) Credential() string { return strings.ToLower(s.Env) }

// keyOf derives a file's key from a variable.
func keyOf(env string) string {
	return strings.ToLower(strings.TrimPrefix(env, prefix))
}

const prefix = "EVERGRANT_"
