// Package demo shows Evergrant at work on a machine that has no Instagram app: it
// starts the simulator, makes a fleet with channels of every kind, imports it into a
// database in a temporary directory, and runs one round of convert and auto-refresh.
//
// It touches nothing of the user's and no host but this one. It is also where the
// simulator is put behind a listener. Times are UTC.
package demo
