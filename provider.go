package evergrant

import "context"

// A Provider speaks to Meta. Every method makes exactly one call, never retries
// it (unless it provably was not sent), returns when ctx ends or its own timeout
// passes, and is safe for concurrent use. Every error is or wraps a *[Failure].
//
// The life of a returned token is counted from an instant read before the call,
// so an expiry is early by the round trip and never late.
type Provider interface {
	// ExchangeCode trades the code of a login for a short-lived token. A code works
	// once: after an error whose fate is unknown, the owner must log in again.
	ExchangeCode(ctx context.Context, code Secret, redirectURI string) (Issued, error)
	// Exchange trades a short-lived token for a long-lived one.
	Exchange(ctx context.Context, token Secret) (Issued, error)
	// Refresh extends a long-lived token. The value may or may not change.
	Refresh(ctx context.Context, token Secret) (Issued, error)
	// Identify says whose token it is. It changes nothing.
	Identify(ctx context.Context, token Secret) (Identity, error)
	// Subscribe asks for webhook events of the account. It may be repeated.
	Subscribe(ctx context.Context, token Secret, accountID string, fields []string) error
}

// Issued is a token fresh from Meta.
type Issued struct {
	Token       Token
	AppScopedID string   // only from ExchangeCode
	Permissions []string // only from ExchangeCode: what the owner really granted
	Usage       Usage
}

// An Identity is what Meta says about the account behind a token.
type Identity struct {
	AccountID   string // IG_ID; may be empty when Meta leaves it out
	AppScopedID string
	Username    string
	Name        string
	AccountType string // in Meta's spelling; compare without case
	Usage       Usage
}
