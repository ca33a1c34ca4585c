// Package pgtest gives tests a real PostgreSQL.
//
// The server is that of EVERGRANT_TEST_POSTGRES (a URL whose user may create
// databases) or else one started from this machine's own binaries: those in PATH or
// else the newest of Debian's /usr/lib/postgresql. It keeps its data in a temporary
// directory, listens on a Unix socket only, and does not flush to disk. Run by root it
// runs as user postgres, since PostgreSQL refuses to run as root.
//
// A machine without the binaries skips these tests, but when CI is set to anything
// in the environment, that is a failure.
//
// A package that uses it says so in its TestMain:
//
//	func TestMain(m *testing.M) { pgtest.Main(m) }
//
// The functions are safe for use by parallel tests.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
)

// serverVariable names the environment's own server.
const serverVariable = "EVERGRANT_TEST_POSTGRES"

// shared is the server of this test process, started by the first test that asks.
var shared struct {
	once   sync.Once
	server *Server
	err    error
}

// Main runs the tests of a package, stops the server that they started, and exits.
func Main(m *testing.M) { os.Exit(Run(m)) }

// Run is Main for a TestMain that has more to clean up: it returns the exit code.
func Run(m *testing.M) int {
	code := m.Run()
	if err := stopShared(); err != nil {
		fmt.Fprintln(os.Stderr, "pgtest:", err)
		code = max(code, 1)
	}
	return code
}

func stopShared() error {
	shared.once.Do(func() { shared.err = errors.New("the tests have ended") })
	if shared.server == nil {
		return nil
	}
	return shared.server.Stop()
}

// URL returns the URL of a new, empty database, dropped when the test ends. It skips
// or fails the test where there is no PostgreSQL.
func URL(t testing.TB) string {
	t.Helper()
	shared.once.Do(func() {
		if url := os.Getenv(serverVariable); url != "" {
			shared.server = &Server{admin: url}
			return
		}
		shared.server, shared.err = start(context.Background())
	})
	if shared.err != nil {
		giveUp(t, shared.err)
	}
	return shared.server.URL(t)
}

// Start starts a server for one test alone, which may stop and restart it. It is
// removed when the test ends.
func Start(t testing.TB) *Server {
	t.Helper()
	s, err := start(t.Context())
	if err != nil {
		giveUp(t, err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Errorf("stop PostgreSQL: %v", err)
		}
	})
	return s
}

func giveUp(t testing.TB, err error) {
	t.Helper()
	if errors.Is(err, errNoBinaries) && os.Getenv("CI") == "" {
		t.Skipf("%v; install PostgreSQL, or set %s", err, serverVariable)
	}
	t.Fatalf("start PostgreSQL: %v", err)
}
