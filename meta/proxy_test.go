package meta_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
)

// A proxy is a real HTTP proxy: it forwards absolute requests and tunnels CONNECT.
type proxy struct {
	*httptest.Server
	forwarded, tunnels, asked atomic.Int32
	user                      string       // user:password that it asks for; empty: none
	refuse                    atomic.Int32 // status that it answers instead of working
}

func newProxy(t *testing.T, user string) *proxy {
	t.Helper()
	p := &proxy{user: user}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.asked.Add(1)
	if status := int(p.refuse.Load()); status != 0 {
		w.WriteHeader(status)
		return
	}
	if p.user != "" {
		login := http.Request{Header: http.Header{"Authorization": r.Header["Proxy-Authorization"]}}
		if name, password, ok := login.BasicAuth(); !ok || name+":"+password != p.user {
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
	}
	if r.Method == http.MethodConnect {
		p.tunnel(w, r)
		return
	}
	p.forwarded.Add(1)
	out := r.Clone(r.Context())
	out.RequestURI = ""
	out.Header.Del("Proxy-Authorization")
	resp, err := http.DefaultTransport.RoundTrip(out)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer func() { _ = resp.Body.Close() }()
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, resp.Body)
}

func (p *proxy) tunnel(w http.ResponseWriter, r *http.Request) {
	target, err := new(net.Dialer).DialContext(r.Context(), "tcp", r.Host)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	w.WriteHeader(http.StatusOK)
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		_ = target.Close()
		return
	}
	p.tunnels.Add(1)
	join(conn, buffered, target)
}

// join copies both ways until one side ends.
func join(client net.Conn, fromClient io.Reader, target net.Conn) {
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = io.Copy(target, fromClient); _ = target.Close(); _ = client.Close() })
	wg.Go(func() { _, _ = io.Copy(client, target); _ = target.Close(); _ = client.Close() })
	wg.Wait()
}

// exit is the proxy's address with its user name and password.
func (p *proxy) exit(t *testing.T) string {
	t.Helper()
	u, err := url.Parse(p.URL)
	if err != nil {
		t.Fatal(err)
	}
	if p.user != "" {
		u.User = url.UserPassword("proxyuser", "planted-proxy-password")
	}
	return u.String()
}

// A listener accepts connections, hands each to serve, and waits for all at the end.
type listener struct {
	net.Listener
	accepted atomic.Int32
	conns    sync.Map
	wg       sync.WaitGroup
}

func listen(t *testing.T, serve func(net.Conn)) *listener {
	t.Helper()
	inner, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	l := &listener{Listener: inner}
	l.wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			l.accepted.Add(1)
			l.conns.Store(conn, true)
			l.wg.Go(func() { defer func() { _ = conn.Close() }(); serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		l.conns.Range(func(conn, _ any) bool { _ = conn.(net.Conn).Close(); return true })
		l.wg.Wait()
	})
	return l
}

// stuck takes everything and never answers.
func stuck(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

// hangUp reads a request's first bytes and closes the connection.
func hangUp(conn net.Conn) { _, _ = conn.Read(make([]byte, 4096)) }

// deadAddress is an address at which nobody listens.
func deadAddress(t *testing.T) string {
	t.Helper()
	l := listen(t, stuck)
	_ = l.Close()
	return l.Addr().String()
}

// socks serves RFC 1928 CONNECT with the user name and password of RFC 1929.
func socks(user, password string) func(net.Conn) {
	return func(conn net.Conn) {
		if !socksLogin(conn, user, password) {
			return
		}
		address, ok := socksTarget(conn)
		if !ok {
			return
		}
		target, err := net.Dial("tcp", address) //nolint:noctx // ends with the test's listener
		if err != nil {
			_, _ = conn.Write([]byte{5, 5, 0, 1, 0, 0, 0, 0, 0, 0})
			return
		}
		_, _ = conn.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
		join(conn, conn, target)
	}
}

func socksLogin(conn net.Conn, user, password string) bool {
	methods, ok := socksField(conn, 1)
	if !ok {
		return false
	}
	if user == "" {
		_, err := conn.Write([]byte{5, 0})
		return err == nil
	}
	if !bytes.Contains(methods, []byte{2}) {
		_, _ = conn.Write([]byte{5, 0xff})
		return false
	}
	_, _ = conn.Write([]byte{5, 2})
	name, ok := socksField(conn, 1)
	if !ok {
		return false
	}
	secret, ok := socksField(conn, 0)
	if !ok || string(name) != user || string(secret) != password {
		_, _ = conn.Write([]byte{1, 1})
		return false
	}
	_, err := conn.Write([]byte{1, 0})
	return err == nil
}

// socksField skips bytes, and reads a length and that many bytes.
func socksField(r io.Reader, skip int) ([]byte, bool) {
	head := make([]byte, skip+1)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, false
	}
	field := make([]byte, head[skip])
	_, err := io.ReadFull(r, field)
	return field, err == nil
}

func socksTarget(r io.Reader) (string, bool) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(r, head); err != nil || head[1] != 1 {
		return "", false
	}
	var host string
	switch head[3] {
	case 1:
		ip := make([]byte, 4)
		if _, err := io.ReadFull(r, ip); err != nil {
			return "", false
		}
		host = net.IP(ip).String()
	case 3:
		name, ok := socksField(r, 0)
		if !ok {
			return "", false
		}
		host = string(name)
	default:
		return "", false
	}
	port := make([]byte, 2)
	if _, err := io.ReadFull(r, port); err != nil {
		return "", false
	}
	return net.JoinHostPort(host, strconv.Itoa(int(binary.BigEndian.Uint16(port)))), true
}
