package meta_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/evergrant/evergrant/meta"
)

// An echo repeats everything that it was sent, as unfriendly as it can.
type echo struct {
	status int
	shape  string // with %s for a JSON string
}

func (e echo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	plain, _ := url.QueryUnescape(r.URL.String() + " " + string(body))
	all := plain + " " + r.URL.String() + " " + string(body) + " " + r.Header.Get("Authorization")
	quoted, _ := json.Marshal(all)
	for _, name := range []string{"X-App-Usage", "X-Business-Use-Case-Usage", "Retry-After", "Location"} {
		w.Header().Set(name, all)
	}
	w.Header().Set("WWW-Authenticate", `OAuth "Facebook Platform" "invalid_token" "`+all+`"`)
	w.Header().Set("Content-Type", "text/html; was="+url.QueryEscape(all))
	w.WriteHeader(e.status)
	_, _ = io.WriteString(w, strings.ReplaceAll(e.shape, "%s", string(quoted)))
}

// No secret reaches an error, a log line or a hook, on any path.
func TestCanary(t *testing.T) {
	shapes := map[string]string{
		"envelope": `{"error":{"message":%s,"type":%s,"code":190,"error_user_title":%s,"error_user_msg":%s,"fbtrace_id":%s}}`,
		"flat":     `{"error_type":%s,"code":400,"error_message":%s}`,
		"legacy":   `{"meta":{"error_type":%s,"code":400,"error_message":%s}}`,
		"oauth":    `{"error":%s,"error_description":%s}`,
		"words":    `%s`,
		"HTML":     `<html>%s</html>`,
		"wrong":    `{"access_token":[%s],"success":%s,"user_id":%s}`,
		"strange":  `{"%s":1,"data":[{"x":%s}]}`,
	}
	servers := map[string]string{
		"nobody listens": "http://" + deadAddress(t),
		"rude":           "http://" + listen(t, rude).Addr().String(),
		"hangs up":       "http://" + listen(t, hangUp).Addr().String(),
		"slow":           "http://" + listen(t, slowBody).Addr().String(),
		"no TLS":         "https://" + listen(t, rude).Addr().String(),
		"rude proxy":     "proxy",
	}
	for name, shape := range shapes {
		for _, status := range []int{200, 302, 400, 429, 500} {
			srv := httptest.NewServer(echo{status, shape})
			t.Cleanup(srv.Close)
			servers[fmt.Sprint(name, " ", status)] = srv.URL
		}
	}
	rudeProxy := listen(t, func(conn net.Conn) {
		request := make([]byte, 4096)
		n, _ := conn.Read(request)
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 403 %s planted-proxy-password\r\n\r\n", bytes.ReplaceAll(request[:n], []byte("\r\n"), []byte(" ")))
	})
	for name, base := range servers {
		for _, op := range operations() {
			t.Run(name+"/"+op.name, func(t *testing.T) {
				var out bytes.Buffer
				client := newClient(t, base, func(c *meta.Config) {
					c.CallTimeout = 100 * time.Millisecond
					c.Proof = meta.ProofTimed
					c.Log = slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
					c.Observe = func(call meta.Call) { fmt.Fprintf(&out, "%+v\n", call) }
					if base == "proxy" {
						c.GraphURL, c.APIURL, c.AuthorizeURL = "https://graph.invalid", "https://api.invalid", ""
						proxy := "http://proxyuser:planted-proxy-password@" + rudeProxy.Addr().String()
						c.Egress = []string{proxy, proxy}
					}
				})
				err := op.run(t.Context(), client)
				f := failure(t, err)
				fmt.Fprintf(&out, "%v %+v %#v %+v %q %q", err, err, err, *f, f.UserMessage, f.UserTitle)
				for cause := f.Cause; cause != nil; cause = errors.Unwrap(cause) {
					fmt.Fprintf(&out, "%v %+v %#v", cause, cause, cause)
				}
				raw, jsonErr := json.Marshal(f)
				if jsonErr != nil {
					t.Errorf("Marshal: %v", jsonErr)
				}
				out.Write(raw)
				if leak := leaks(out.String()); leak != "" || strings.Contains(out.String(), "planted") {
					t.Errorf("a secret is in %q", &out)
				}
				var outer *url.Error
				if errors.As(err, &outer) {
					t.Errorf("got a *url.Error in %v; want it unwrapped", err)
				}
			})
		}
	}
}
