// Package evergrant keeps the access tokens of Instagram professional accounts alive.
//
// A [Keeper] owns the life of every channel's token: it turns short-lived tokens into
// long-lived ones, refreshes those long before they expire, recovers after error 190,
// and declares a channel lost only after a second refusal, with proof that the app
// itself is not in trouble. It leaves the decision of when to package schedule, the
// talking to a [Provider] (package meta), the keeping and sealing to a [Store] (package
// sqlstore), and the printing to whoever calls.
//
// # The life of a token
//
// Meta gives out short-lived tokens (an hour) and long-lived ones (60 days). A
// short-lived one can be exchanged while it lives; a long-lived one can be refreshed
// while it lives and once it is 24 hours old. Whatever Meta answers, a token is never
// overwritten by nothing: token, expiry, state and event are written together under a
// lease with a fencing number, and the token before is kept until its own expiry.
//
// # Failures
//
// Every failed call has a [Class]. Transient failures are tried again with back-off;
// throttling pauses a channel or the app until Meta's time to regain; blocked channels
// wait for their owner; failures of the app close the fleet brake, which ends runs early
// until a canary shows that Meta has come round. Only Lost, twice answered, asks an
// owner to log in again.
//
// # Conventions
//
// Times are UTC to the millisecond; a zero time means unknown or never. Ids of channels
// are ours and numeric; ids of Meta are text, because they exceed 2^53. Secrets are of
// type [Secret], which does not print. Everything is safe for concurrent use, by any
// number of goroutines, Keepers and processes over one store.
//
// The root imports the standard library and package schedule only, so that a program
// which embeds it compiles neither a database driver nor a web page.
//
// Facts about tokens and errors, read 2026-09:
//   - https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login
//   - https://developers.facebook.com/docs/instagram-platform/reference/refresh_access_token
//   - https://developers.facebook.com/docs/graph-api/guides/error-handling
package evergrant
