// Package settings holds every setting of Evergrant in one table, and loads them.
//
// Each [Setting] is one row of [Table]: its variable, its key in the file, its
// flag if it has one, its default, its help and its check. [Load] reads the
// layers in the order flag, environment, file, default; the first one that has
// a value wins. It reports all problems at once, as [Problems], and each names
// the place where the wrong value was written.
//
// A secret setting X may also come from the file that X_FILE names, or from the
// systemd credential of the same name in lower case. One trailing newline of
// such a file is dropped. The order for a secret is: flag, X or X_FILE (both is
// a problem), credential, configuration file, default.
//
// An empty variable counts as not set, except for a list that may be empty.
//
// The configuration file is TOML with flat keys: the variable in lower case,
// without its EVERGRANT_ prefix. An unknown key is a problem.
//
// Loading reads files and nothing else; it writes nothing and opens no
// connection. [Settings] are plain data, safe for concurrent reads. They never
// print a secret, however they are formatted; [Settings.Explain] says where each
// value came from.
//
// Source for credentials, read 2026-09: https://systemd.io/CREDENTIALS/
package settings
