package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	startTimeout = 60 * time.Second
	stopTimeout  = 30 * time.Second
)

// A Server is a PostgreSQL server that tests may use, and restart if it is their own.
type Server struct {
	admin string // URL of a database that always exists
	bin   string
	dir   string // empty: the server is not ours
	made  atomic.Int64

	mu   sync.Mutex
	stop func() error // nil: not running
}

// start makes a new server in a temporary directory and waits until it answers.
func start(ctx context.Context) (*Server, error) {
	bin, err := findBinaries(debianBinaries)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pgtest") // short: a socket's path has 107 bytes at most
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin, dir: dir, admin: socketURL(dir, "postgres")}
	if err := s.init(ctx); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := s.run(ctx); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

func socketURL(dir, database string) string {
	q := url.Values{"host": {dir}, "user": {"postgres"}, "sslmode": {"disable"}}
	return "postgres:///" + database + "?" + q.Encode()
}

func (s *Server) init(ctx context.Context) error {
	if err := giveToPostgres(s.dir); err != nil {
		return err
	}
	cmd := s.command(ctx, "initdb", "-D", filepath.Join(s.dir, "data"), "-U", "postgres",
		"-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, bytes.TrimSpace(out))
	}
	return nil
}

// command runs one of PostgreSQL's programs, as user postgres if we are root.
func (s *Server) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, name), args...)
	cmd.Dir = s.dir
	cmd.SysProcAttr = attributes()
	return cmd
}

// run starts the server and waits until it answers.
func (s *Server) run(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var log bytes.Buffer
	cmd := s.command(context.WithoutCancel(ctx), "postgres", "-D", filepath.Join(s.dir, "data"),
		"-c", "listen_addresses=", "-c", "unix_socket_directories="+s.dir,
		"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
		"-c", "max_connections=300", "-c", "log_min_messages=fatal")
	cmd.Stdout, cmd.Stderr = &log, &log
	started, ended := make(chan error, 1), make(chan struct{})
	go func() {
		runtime.LockOSThread() // the child dies with the thread that made it, see attributes
		defer runtime.UnlockOSThread()
		defer close(ended)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is of interest only when it was not asked to
		}
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("start postgres: %w", err)
	}
	s.stop = func() error { return endProcess(cmd.Process, ended) }
	if err := s.waitUntilReady(ctx, ended); err != nil {
		err = errors.Join(err, s.stop())
		s.stop = nil
		return fmt.Errorf("start postgres: %w: %s", err, bytes.TrimSpace(log.Bytes()))
	}
	return nil
}

// waitUntilReady asks every 20 ms, until the server answers or has ended.
func (s *Server) waitUntilReady(ctx context.Context, ended <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := pgx.Connect(ctx, s.admin)
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-tick.C:
		case <-ended:
			return errors.New("it ended at once")
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w", err)
		}
	}
}

// endProcess asks for a fast shutdown (connections are cut), and kills after a while.
func endProcess(p *os.Process, ended <-chan struct{}) error {
	if err := p.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	timer := time.NewTimer(stopTimeout)
	defer timer.Stop()
	select {
	case <-ended:
		return nil
	case <-timer.C:
	}
	if err := p.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-ended
	return errors.New("it did not stop in time and was killed")
}

// Restart stops the server as an operator would, which cuts all connections, and
// starts it again. Databases and URLs stay. The server must be one of [Start].
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.Halt(t)
	s.Resume(t)
}

// Halt stops the server and keeps its databases. The server must be one of [Start].
func (s *Server) Halt(t testing.TB) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stop == nil {
		t.Fatal("halt PostgreSQL: it is not running, or is not ours")
	}
	if err := s.stop(); err != nil {
		t.Fatalf("halt PostgreSQL: %v", err)
	}
	s.stop = nil
}

// Resume starts the server again after [Server.Halt].
func (s *Server) Resume(t testing.TB) {
	t.Helper()
	if err := s.run(t.Context()); err != nil {
		t.Fatalf("resume PostgreSQL: %v", err)
	}
}

// Stop ends the server and removes its data. A server of the environment goes on.
func (s *Server) Stop() error {
	if s.dir == "" {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	if s.stop != nil {
		err = s.stop()
		s.stop = nil
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

// URL returns the URL of a new, empty database, dropped when the test ends.
func (s *Server) URL(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("evergrant_test_%d_%d", os.Getpid(), s.made.Add(1))
	if err := s.exec(t.Context(), "create database "+name+" template template0"); err != nil {
		t.Fatalf("create database: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), stopTimeout) // the test's own has ended
		defer cancel()
		if err := s.exec(ctx, "drop database if exists "+name+" with (force)"); err != nil && s.running() {
			t.Errorf("drop database: %v", err)
		}
	})
	u, err := url.Parse(s.admin)
	if err != nil {
		t.Fatalf("%s is not a URL", serverVariable)
	}
	u.Path = "/" + name
	return u.String()
}

func (s *Server) running() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dir == "" || s.stop != nil
}

func (s *Server) exec(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, s.admin)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}
