// Command evergrant keeps Instagram access tokens alive.
//
// It reads flags, environment and a settings file, calls package service, and
// prints what came of it: results on standard output, logs and progress on
// standard error. There is no other logic here.
//
// Exit codes: 0 all well; 1 the command could not do its work; 2 wrong usage; 3 it
// did its work, and at least one channel failed or needs its owner.
package main

import (
	"context"
	"io"
	"log" //nolint:depguard // only to silence what others print with it
	"os"
)

func main() {
	// net/http prints through the standard logger what a server sends unasked, and that may
	// be a token. Our own log is slog's, with handlers of its own.
	log.SetOutput(io.Discard)
	os.Exit(run(context.Background(), os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}
