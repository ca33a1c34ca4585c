package evergrant_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/evergranttest"
)

const day = 24 * time.Hour

var start = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// A meta is a scripted Meta: tokens have states, endpoints may be told to fail. The
// simulator plays Meta for whole runs; this one is for single steps, where a test must
// say exactly what is answered.
type fakeMeta struct {
	now func() time.Time

	mu     sync.Mutex
	calls  []string                     // "refresh t1"
	dead   map[string]bool              // token values that answer 190
	broken map[string]evergrant.Failure // by endpoint, or by "endpoint value"
	same   bool                         // a refresh gives the same string back
	minted int
	whose  string            // the account id that every token answers with; "": Meta leaves it out
	before func(call string) // runs inside each call, before the answer
}

func newFakeMeta(clock *evergranttest.Clock) *fakeMeta {
	return &fakeMeta{now: clock.Now, whose: "17841400000000099", dead: map[string]bool{}, broken: map[string]evergrant.Failure{}}
}

func (m *fakeMeta) answer(endpoint string, token evergrant.Secret) error {
	value := token.Reveal()
	m.mu.Lock()
	m.calls = append(m.calls, endpoint+" "+value)
	before := m.before
	m.mu.Unlock()
	if before != nil {
		before(endpoint + " " + value)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, key := range []string{endpoint + " " + value, endpoint} {
		if f, ok := m.broken[key]; ok {
			f.Endpoint = endpoint
			return &f
		}
	}
	if m.dead[value] {
		return &evergrant.Failure{Class: evergrant.Lost, Scope: evergrant.ScopeChannel, Endpoint: endpoint, Status: 400, Code: 190, Subcode: 460, Message: "the password was changed"}
	}
	return nil
}

func (m *fakeMeta) mint(token evergrant.Secret) evergrant.Issued {
	m.mu.Lock()
	defer m.mu.Unlock()
	value := token.Reveal()
	if !m.same {
		m.minted++
		value = fmt.Sprintf("minted-%d", m.minted)
	}
	now := m.now().UTC().Truncate(time.Millisecond)
	return evergrant.Issued{Token: evergrant.Token{
		Value: evergrant.NewSecret(value), Kind: evergrant.LongLived,
		IssuedAt: now, ExpiresAt: now.Add(60 * day), Source: evergrant.FromProvider,
	}}
}

func (m *fakeMeta) ExchangeCode(_ context.Context, code evergrant.Secret, _ string) (evergrant.Issued, error) {
	if err := m.answer("code", code); err != nil {
		return evergrant.Issued{}, err
	}
	now := m.now().UTC().Truncate(time.Millisecond)
	return evergrant.Issued{
		AppScopedID: "2764", Permissions: []string{"instagram_business_basic"},
		Token: evergrant.Token{
			Value: evergrant.NewSecret("short-of-" + code.Reveal()), Kind: evergrant.ShortLived,
			IssuedAt: now, ExpiresAt: now.Add(time.Hour), Source: evergrant.FromGuess,
		},
	}, nil
}

func (m *fakeMeta) Exchange(_ context.Context, token evergrant.Secret) (evergrant.Issued, error) {
	if err := m.answer("exchange", token); err != nil {
		return evergrant.Issued{}, err
	}
	return m.mint(token), nil
}

func (m *fakeMeta) Refresh(_ context.Context, token evergrant.Secret) (evergrant.Issued, error) {
	if err := m.answer("refresh", token); err != nil {
		return evergrant.Issued{}, err
	}
	return m.mint(token), nil
}

func (m *fakeMeta) Identify(_ context.Context, token evergrant.Secret) (evergrant.Identity, error) {
	if err := m.answer("me", token); err != nil {
		return evergrant.Identity{}, err
	}
	return evergrant.Identity{AccountID: m.whose, AppScopedID: "2764", Username: "found"}, nil
}

func (m *fakeMeta) Subscribe(_ context.Context, token evergrant.Secret, accountID string, fields []string) error {
	return m.answer("subscribe "+accountID+" "+strings.Join(fields, ","), token)
}

func (m *fakeMeta) kill(values ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, v := range values {
		m.dead[v] = true
	}
}

func (m *fakeMeta) fail(key string, f evergrant.Failure) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.broken[key] = f
}

func (m *fakeMeta) mend() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.broken, m.dead = map[string]evergrant.Failure{}, map[string]bool{}
}

// seen returns the calls so far that begin with prefix.
func (m *fakeMeta) seen(prefix string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for _, c := range m.calls {
		if strings.HasPrefix(c, prefix) {
			out = append(out, c)
		}
	}
	return out
}

// The failures that tests hand out.
var (
	unsupported = evergrant.Failure{Class: evergrant.AppWide, Scope: evergrant.ScopeApp, Status: 400, Code: 100, Message: "Unsupported request - method type: get"}
	server      = evergrant.Failure{Class: evergrant.Transient, Scope: evergrant.ScopeMeta, Status: 503}
	network     = evergrant.Failure{Class: evergrant.Transient, Scope: evergrant.ScopeNetwork, Message: "connection refused"}
	odd         = evergrant.Failure{Class: evergrant.Transient, Scope: evergrant.ScopeChannel, Status: 400, Code: 452, Message: "odd"}
	checkpoint  = evergrant.Failure{Class: evergrant.Blocked, Scope: evergrant.ScopeChannel, Status: 400, Code: 190, Subcode: 459, Message: "checkpoint"}
	denied      = evergrant.Failure{Class: evergrant.Denied, Scope: evergrant.ScopeChannel, Status: 400, Code: 10, Message: "permission"}
	slowDown    = evergrant.Failure{Class: evergrant.Throttled, Scope: evergrant.ScopeChannel, Status: 400, Code: 80002, Message: "too many calls", RetryAfter: 19 * time.Minute}
	appLimit    = evergrant.Failure{Class: evergrant.Throttled, Scope: evergrant.ScopeApp, Status: 400, Code: 4, Message: "app limit"}
)

// A world is a keeper over an in-memory store and a scripted Meta.
type world struct {
	t      *testing.T
	clock  *evergranttest.Clock
	store  *evergranttest.Store
	meta   *fakeMeta
	keeper *evergrant.Keeper
	log    *logBook
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, clock: evergranttest.NewClock(start), store: evergranttest.NewStore(), log: &logBook{}}
	w.meta = newFakeMeta(w.clock)
	w.keeper = w.anotherKeeper()
	return w
}

// anotherKeeper is what another process over the same store would have.
func (w *world) anotherKeeper() *evergrant.Keeper {
	w.t.Helper()
	k, err := evergrant.New(evergrant.Config{Store: w.store, Provider: w.meta, Now: w.clock.Now, Log: slog.New(slog.NewTextHandler(w.log, nil))})
	if err != nil {
		w.t.Fatal(err)
	}
	return k
}

// long adds a channel with a long-lived token of that age; its value is "long-<n>".
func (w *world) long(n int, age time.Duration) int64 {
	return w.add(n, fmt.Sprintf("long-%d", n), evergrant.LongLived, age, 60*day)
}

// short adds a channel with a short-lived token of that age; its value is "short-<n>".
func (w *world) short(n int, age time.Duration) int64 {
	return w.add(n, fmt.Sprintf("short-%d", n), evergrant.ShortLived, age, time.Hour)
}

func (w *world) add(n int, value string, kind evergrant.TokenKind, age, life time.Duration) int64 {
	w.t.Helper()
	issued := w.clock.Now().Add(-age)
	h := evergrant.Held{
		Channel: evergrant.Channel{
			App: evergrant.DefaultApp, Provider: evergrant.ProviderInstagram, Status: evergrant.Connected,
			AccountID: fmt.Sprintf("1784140000000%04d", n), AppScopedID: fmt.Sprintf("9%04d", n), Username: fmt.Sprintf("shop%d", n),
			TokenKind: kind, IssuedAt: issued, ExpiresAt: issued.Add(life), ExpirySource: evergrant.FromProvider, NextAttemptAt: issued,
		},
		Value: evergrant.NewSecret(value),
	}
	c, err := w.store.Create(context.Background(), h, evergrant.Event{At: issued, Type: evergrant.EventImported})
	if err != nil {
		w.t.Fatal(err)
	}
	return c.ID
}

func (w *world) held(id int64) evergrant.Held {
	w.t.Helper()
	h, err := w.store.Held(context.Background(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return h
}

func (w *world) run(j evergrant.Job) evergrant.Report {
	w.t.Helper()
	r, err := w.keeper.Run(context.Background(), j)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// A logBook collects log lines.
type logBook struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
