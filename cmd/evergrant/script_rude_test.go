package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdChatter starts a server that answers every request with a short answer and sends
// the given words behind it, on a connection that it keeps open: chatter WORDS. Its
// address is $CHATTER.
func cmdChatter(ts *testscript.TestScript, _ bool, args []string) {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Setenv("CHATTER", "http://"+l.Addr().String())
	var wg sync.WaitGroup
	var open sync.Map
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			open.Store(conn, true)
			wg.Go(func() { chatter(conn, args[0]) })
		}
	})
	ts.Defer(func() {
		_ = l.Close()
		open.Range(func(conn, _ any) bool { _ = conn.(net.Conn).Close(); return true })
		wg.Wait()
	})
}

func chatter(conn net.Conn, words string) {
	defer func() { _ = conn.Close() }()
	r := bufio.NewReader(conn)
	for {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		body := `{"user_id":"17841400000000001","username":"alpha"}`
		if req.Method == http.MethodHead {
			body = "" // what follows is then the body that a HEAD must not have
		}
		if _, err := fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s%s", len(body), body, words); err != nil {
			return
		}
	}
}

// cmdPipe makes a pipe that nobody opens: pipe FILE.
func cmdPipe(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(syscall.Mkfifo(ts.MkAbs(args[0]), 0o600))
}
