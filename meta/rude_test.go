package meta_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/evergrant/evergrant/meta"
)

// What a server or a proxy sends where HTTP is expected stays out of every error: it may
// be a token, cut in any way.
func TestRudeWords(t *testing.T) {
	const canary = "cAnary7"
	const ok = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	for _, tt := range []struct {
		name, answer string
		proxy        bool
		want         string
		is           error
	}{
		{name: "no HTTP", answer: canary + "\r\n\r\n", want: "is not HTTP"},
		{name: "version", answer: "HTTP/" + canary + " 200 OK\r\n\r\n", want: "is not HTTP"},
		{name: "status", answer: "HTTP/1.1 " + canary + " OK\r\n\r\n", want: "is not HTTP"},
		{name: "header without colon", answer: ok + "X-Tok " + canary + "\r\n\r\n", want: "is not HTTP"},
		{name: "header cut off", answer: ok + "X-Tok: " + canary, want: "unexpected EOF", is: io.ErrUnexpectedEOF},
		{name: "length", answer: ok + "Content-Length: " + canary + "\r\n\r\n", want: "is not HTTP"},
		{name: "two lengths", answer: ok + "Content-Length: 1\r\nContent-Length: 2" + canary + "\r\n\r\n", want: "is not HTTP"},
		{name: "encoding", answer: ok + "Transfer-Encoding: " + canary + "\r\n\r\n", want: "is not HTTP"},
		{name: "chunk", answer: ok + "Transfer-Encoding: chunked\r\n\r\n" + canary + "\r\n{}\r\n0\r\n\r\n", want: "is not HTTP"},
		{name: "trailer", answer: ok + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-Tok " + canary + "\r\n\r\n", want: "is not HTTP"},
		{name: "proxy's refusal", proxy: true, answer: "HTTP/1.1 403 " + canary + "\r\n\r\n", want: "the proxy refuses the connection: HTTP status 403 Forbidden"},
		{name: "proxy's status unknown", proxy: true, answer: "HTTP/1.1 799 " + canary + "\r\n\r\n", want: "HTTP status 799"},
		{name: "proxy wants a password", proxy: true, answer: "HTTP/1.1 407 " + canary + "\r\n\r\n", want: "the proxy asks for a user name and password"},
		{name: "proxy without HTTP", proxy: true, answer: canary + "\r\n\r\n", want: "is not HTTP"},
		{name: "proxy's header", proxy: true, answer: "HTTP/1.1 200 OK\r\nX-Tok " + canary + "\r\n\r\n", want: "is not HTTP"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := listen(t, func(conn net.Conn) {
				_, _ = conn.Read(make([]byte, 4096))
				_, _ = io.WriteString(conn, tt.answer)
			})
			base := "http://" + server.Addr().String()
			client := newClient(t, base, func(c *meta.Config) {
				if tt.proxy {
					c.GraphURL, c.Egress = "https://graph.invalid", []string{base}
				}
			})
			_, err := client.Refresh(t.Context(), token)
			f := failure(t, err)
			text := fmt.Sprintf("%v %+v %#v %v %#v", err, *f, f, f.Cause, f.Cause)
			if strings.Contains(strings.ToLower(text), strings.ToLower(canary)) {
				t.Errorf("got %q; want nothing in it that the server has sent", text)
			}
			if f.Cause == nil || !strings.Contains(f.Cause.Error(), tt.want) {
				t.Errorf("got cause %v; want it to say %q", f.Cause, tt.want)
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("got %v; want it to be %v", err, tt.is)
			}
		})
	}
}

// Reach, which doctor prints, keeps a server's words to itself as well.
func TestRudeReach(t *testing.T) {
	const canary = "cAnary7"
	server := listen(t, func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 4096))
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nX-Tok "+canary+"\r\n\r\n")
	})
	for _, r := range newClient(t, "http://"+server.Addr().String()).Reach(t.Context()) {
		if r.Reachable || r.Err == nil || strings.Contains(r.Err.Error(), canary) {
			t.Errorf("got %+v; want an error without the server's words", r)
		}
	}
}

// A caller with other names for the fields finds each problem's own.
func TestFieldError(t *testing.T) {
	_, err := meta.New(meta.Config{Egress: []string{"ftp://h"}})
	var field *meta.FieldError
	if !errors.As(err, &field) || field.Field != "Egress[0]" || !strings.HasPrefix(field.Problem, "has an unknown scheme") {
		t.Errorf("got %v; want a *FieldError of Egress[0]", err)
	}
}
