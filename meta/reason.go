package meta

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
)

// badAnswer is said of everything that is not known to be free of a server's words.
const badAnswer = "the answer is not HTTP as it should be"

// A proxyRefusal is the status with which a proxy has refused a tunnel. The words
// behind the status are the proxy's own and are left out.
type proxyRefusal int

func (p proxyRefusal) Error() string {
	return fmt.Sprintf("the proxy refuses the connection: HTTP status %d %s", int(p), http.StatusText(int(p)))
}

// ownErrors are made by this package, of its own words.
var ownErrors = []error{errProxyAuth, errSlowExit, errNoAnswer, errNoConn, errNoTurn}

// harmless are texts of net/http that quote nobody, and that tell more than badAnswer.
// They are looked for at the beginning of each error of the chain, since these errors
// have no type that tells them apart, and what is shown is the text from here.
//
// Source, Go 1.26: net/http/transport.go and net/http/h2_bundle.go.
var harmless = []string{
	"http: server closed idle connection",
	"net/http: timeout awaiting response headers",
	"net/http: TLS handshake timeout",
	"http2: timeout awaiting response headers",
	"http2: client connection lost",
	"http2: client connection force closed via ClientConn.Close",
	"http2: Transport received Server's graceful shutdown GOAWAY",
	"http2: server sent GOAWAY and closed the connection", // what follows quotes the server
}

// reasonOf says why a call failed without a word that a server or a proxy chose. The
// errors of net/http and net/textproto quote what came over the wire: a status line, a
// header, a trailer, the size of a chunk, a proxy's words.
func reasonOf(err error) string {
	for _, own := range ownErrors {
		if errors.Is(err, own) {
			return own.Error()
		}
	}
	var proxy proxyRefusal
	var number syscall.Errno
	var op *net.OpError
	var dns *net.DNSError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	switch {
	case errors.As(err, &proxy):
		return proxy.Error()
	case errors.As(err, &op): // with the address; what it wraps comes from the system or from TLS
		return op.Error()
	case errors.As(err, &dns):
		return dns.Error()
	case errors.As(err, &certificate): // checked before anything was sent that could come back
		return certificate.Error()
	case errors.As(err, &authority):
		return authority.Error()
	case errors.As(err, &record):
		return record.Error()
	case errors.As(err, &alert):
		return alert.Error()
	case errors.As(err, &number):
		return number.Error()
	}
	for link := err; link != nil; link = errors.Unwrap(link) {
		text := link.Error()
		if i := slices.IndexFunc(harmless, func(known string) bool { return strings.HasPrefix(text, known) }); i >= 0 {
			return harmless[i]
		}
	}
	for _, state := range states {
		if errors.Is(err, state) {
			return state.Error()
		}
	}
	return badAnswer
}
