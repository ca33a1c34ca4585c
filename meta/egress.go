package meta

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/evergrant/evergrant"
)

// sickFor is how long an exit that failed is tried after the others.
const sickFor = 30 * time.Second

// An exit is one way to Meta, with connections of its own.
type exit struct {
	name      string             // printable: without user name and password
	secrets   []evergrant.Secret // what a broken proxy might repeat
	transport *http.Transport
	sickUntil atomic.Int64 // Unix milliseconds
}

// parseEgress reads the list of exits; the URL of "direct" is nil. Its errors
// name an exit by its place, since the value may hold a password.
func parseEgress(list []string) ([]*url.URL, error) {
	proxies := make([]*url.URL, len(list))
	var problems []error
	for i, value := range list {
		if value == Direct {
			continue
		}
		u, err := parseProxy(value)
		if err != nil {
			field := fmt.Sprintf("Egress[%d]", i)
			problems = append(problems, &FieldError{field, err.Error()})
		}
		proxies[i] = u
	}
	return proxies, errors.Join(problems...)
}

func parseProxy(value string) (*url.URL, error) {
	u, err := url.Parse(value)
	if err != nil {
		return nil, errors.New("is not a URL: use direct, or scheme://[user:password@]host:port with special characters percent-encoded")
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
	default:
		return nil, errors.New("has an unknown scheme: use direct, http://, https:// or socks5://")
	}
	switch {
	case u.Hostname() == "":
		return nil, errors.New("has no host: use scheme://host:port")
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, errors.New("has a path, query or fragment: use scheme://host:port")
	}
	return u, nil
}

// exitName is the printable name of an exit.
func exitName(value string, proxy *url.URL) string {
	if proxy == nil {
		return value
	}
	return proxy.Scheme + "://" + proxy.Host
}

// newExit returns the way through proxy, or the direct one when proxy is nil.
// Every step is bounded by timeout; the call's context bounds their sum.
func newExit(name string, proxy *url.URL, concurrency int, timeout time.Duration) *exit {
	dialer := &net.Dialer{Timeout: timeout, KeepAlive: 30 * time.Second}
	t := &http.Transport{
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    timeout,
		ResponseHeaderTimeout:  timeout,
		ExpectContinueTimeout:  time.Second,
		MaxIdleConns:           3 * concurrency, // three hosts
		MaxIdleConnsPerHost:    concurrency,
		IdleConnTimeout:        30 * time.Second, // well below common server limits, so that few calls meet a dying connection
		MaxResponseHeaderBytes: 256 << 10,
		ForceAttemptHTTP2:      true, // a transport with its own dialer would stay with HTTP/1.1
		// Without pings, a connection that a middlebox dropped would swallow calls for minutes.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second},
	}
	e := &exit{name: name, transport: t}
	if proxy != nil {
		t.Proxy = http.ProxyURL(proxy)
		t.OnProxyConnectResponse = judgeTunnel
		e.secrets = proxySecrets(proxy)
	}
	return e
}

// judgeTunnel takes a proxy's refusal by its number; net/http would quote its words.
func judgeTunnel(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
	switch answer.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusProxyAuthRequired:
		return errProxyAuth
	}
	return proxyRefusal(answer.StatusCode)
}

// proxySecrets are the forms in which a proxy gets its password.
func proxySecrets(proxy *url.URL) []evergrant.Secret {
	password, ok := proxy.User.Password()
	if !ok {
		return nil
	}
	basic := base64.StdEncoding.EncodeToString([]byte(proxy.User.Username() + ":" + password))
	return []evergrant.Secret{evergrant.NewSecret(password), evergrant.NewSecret(basic)}
}

// inOrder returns the exits as they should be tried at now: the healthy ones as
// configured, then the others as configured.
func (c *Client) inOrder(now time.Time) []*exit {
	if len(c.exits) == 1 {
		return c.exits
	}
	ordered := make([]*exit, 0, len(c.exits))
	var sick []*exit
	for _, e := range c.exits {
		if now.UnixMilli() < e.sickUntil.Load() {
			sick = append(sick, e)
			continue
		}
		ordered = append(ordered, e)
	}
	return append(ordered, sick...)
}

func (e *exit) failed(now time.Time) { e.sickUntil.Store(now.Add(sickFor).UnixMilli()) }
func (e *exit) worked()              { e.sickUntil.Store(0) }
