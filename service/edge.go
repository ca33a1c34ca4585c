package service

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/evergrant/evergrant/meta"
	"github.com/evergrant/evergrant/service/settings"
)

// settingOf gives the setting behind a field of [meta.Config].
func settingOf(field string) string {
	name, place, _ := strings.Cut(field, "[")
	variable, ok := map[string]string{
		"ClientID": "INSTAGRAM_CLIENT_ID", "ClientSecret": "INSTAGRAM_CLIENT_SECRET",
		"AuthorizeURL": "EVERGRANT_INSTAGRAM_AUTHORIZE_URL", "APIURL": "EVERGRANT_INSTAGRAM_API_URL", "GraphURL": "EVERGRANT_INSTAGRAM_GRAPH_URL",
		"GraphVersion": "EVERGRANT_GRAPH_VERSION", "Egress": "EVERGRANT_EGRESS", "Concurrency": "EVERGRANT_CONCURRENCY",
		"Rate": "EVERGRANT_RATE", "CallTimeout": "EVERGRANT_CALL_TIMEOUT", "Proof": "EVERGRANT_APPSECRET_PROOF",
	}[name]
	switch {
	case !ok:
		return field
	case place != "":
		return variable + "[" + place
	}
	return variable
}

// inSettings retells the problems of a client's configuration by the names that people
// have set.
func inSettings(err error) error {
	var field *meta.FieldError
	if !errors.As(err, &field) {
		return err
	}
	var problems settings.Problems
	var walk func(error)
	walk = func(err error) {
		var list interface{ Unwrap() []error }
		switch {
		case errors.As(err, &list):
			for _, each := range list.Unwrap() {
				walk(each)
			}
		case errors.As(err, &field):
			problems = append(problems, settings.Problem{Where: settingOf(field.Field), What: field.Problem})
		}
	}
	walk(err)
	return problems
}

// ExplainDatabase retells in one line, with the remedy, what keeps PostgreSQL from letting
// us in. rawURL names the database, and nothing secret of it is repeated. Any other error
// of opening it comes back as it is.
func ExplainDatabase(rawURL string, err error) error {
	reason := notLetIn(err)
	if reason == "" {
		return err
	}
	name := "database"
	if u, parse := url.Parse(rawURL); parse == nil {
		name += " postgres://" + u.Host + u.EscapedPath() // no user, password or parameters
	}
	return &retold{name + ": " + reason, err}
}

// retold is an error in other words.
type retold struct {
	text string
	err  error
}

func (r *retold) Error() string { return r.text }
func (r *retold) Unwrap() error { return r.err }

// notLetIn says why PostgreSQL cannot be used and what to do; "" when that is not the
// trouble. The codes are PostgreSQL's, read 2026-09:
// https://www.postgresql.org/docs/current/errcodes-appendix.html
func notLetIn(err error) string {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		switch refused.Code {
		case "3D000": // invalid_catalog_name
			return "this database does not exist: create it, for example with createdb, or correct EVERGRANT_DATABASE_URL"
		case "28000", "28P01": // invalid_authorization_specification, invalid_password
			return fmt.Sprintf("PostgreSQL refuses the user or its password (%s): create the role, or correct EVERGRANT_DATABASE_URL", refused.Code)
		}
		return ""
	}
	var connect *pgconn.ConnectError
	if !errors.As(err, &connect) {
		return ""
	}
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		return "its host is not known to the name servers: correct EVERGRANT_DATABASE_URL"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused: start PostgreSQL there, or correct host and port in EVERGRANT_DATABASE_URL"
	case errors.Is(err, syscall.ENOENT):
		return "no such socket: start PostgreSQL there, or correct EVERGRANT_DATABASE_URL"
	}
	return ""
}
