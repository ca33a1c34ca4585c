package seal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"gocloud.dev/secrets"
)

// defaultTimeout bounds the work on a keyset file, KMS calls included.
const defaultTimeout = 10 * time.Second

// Options say how a keyset file is kept. The zero value is a file in clear.
type Options struct {
	// KMS wraps the keyset; nil means that it lies in clear. The caller closes it,
	// after the last use of the Keyring.
	KMS *secrets.Keeper
	// Timeout bounds each call that reads or changes the file, the wait for its
	// lock and for the KMS included. Zero means 10 seconds.
	Timeout time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Logger hears of keyset files that changed but could not be read, while the
	// keys in memory serve on; nil means that nobody does.
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// A Keyring seals and opens with the keys of one keyset file. Make it with [Load],
// [Create] or [LoadOrCreate]. It holds no open file and needs no closing. It never
// prints its keys, whatever the formatting.
type Keyring struct {
	path string
	opts Options
	cur  atomic.Pointer[snapshot]

	mu      sync.Mutex // held while the file is read again
	retryAt time.Time  // no reading before this instant, after one that failed
}

// A Key describes one key of a keyset, without its material.
type Key struct {
	ID        string    // decimal, as in Tink's own tools
	Primary   bool      // seals new values
	CreatedAt time.Time // zero when not known
}

// Load reads the keyset file at path. It changes nothing. Errors match one of
// [ErrNoKeyset], [ErrNotKeyset], [ErrExposed], [ErrWrapped], [ErrNotWrapped] and
// [ErrKMS], or else tell why the file cannot be read.
func Load(ctx context.Context, path string, opts Options) (*Keyring, error) {
	opts = opts.withDefaults()
	ctx, cancel := context.WithTimeout(ctx, opts.Timeout)
	defer cancel()
	s, err := readKeyset(ctx, path, opts.KMS)
	if err != nil {
		return nil, err
	}
	return newKeyring(path, opts, s), nil
}

// Create makes a keyset with one new key and writes it to path, mode 0600. Missing
// parent folders are made, mode 0700. It never replaces anything: when there is a
// file, even one made a moment ago by another process, it returns [ErrKeysetExists].
func Create(ctx context.Context, path string, opts Options) (*Keyring, error) {
	opts = opts.withDefaults()
	ctx, cancel := context.WithTimeout(ctx, opts.Timeout)
	defer cancel()
	d, err := newDraft(opts.Now())
	if err != nil {
		return nil, fmt.Errorf("keyset %s: %w", path, err)
	}
	s, err := createKeyset(ctx, path, d, opts.KMS)
	if err != nil {
		return nil, err
	}
	return newKeyring(path, opts, s), nil
}

// LoadOrCreate loads the keyset at path, or creates one when there is none. Any
// number of processes may call it at once; all get the same keyset, and for one of
// them created is true. Use it only where nothing has been sealed yet: beside a
// database that holds sealed values a missing keyset is a loss, not a beginning.
func LoadOrCreate(ctx context.Context, path string, opts Options) (k *Keyring, created bool, err error) {
	k, err = Load(ctx, path, opts)
	if !errors.Is(err, ErrNoKeyset) {
		return k, false, err
	}
	k, err = Create(ctx, path, opts)
	if errors.Is(err, ErrKeysetExists) { // another process was faster
		k, err = Load(ctx, path, opts)
		return k, false, err
	}
	return k, err == nil, err
}

func newKeyring(path string, opts Options, s *snapshot) *Keyring {
	k := &Keyring{path: path, opts: opts}
	k.cur.Store(s)
	return k
}

// ID names the keyset: random, the same for life, whatever keys come and go. A
// store may keep it to notice a keyset that is not its own. It is not a secret.
func (k *Keyring) ID() string { return k.cur.Load().id }

// Keys lists the keys in memory, the oldest first. Call [Keyring.Reload] before it
// to see what other processes did.
func (k *Keyring) Keys() []Key { return k.cur.Load().keys() }

// Primary returns the id of the key that seals new values.
func (k *Keyring) Primary() string { return k.cur.Load().primary }
