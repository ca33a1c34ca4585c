package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"gocloud.dev/secrets"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/meta"
	"github.com/evergrant/evergrant/seal"
	"github.com/evergrant/evergrant/service/settings"
	"github.com/evergrant/evergrant/sqlstore"
)

// Options say how to open a service. The zero value opens an existing database.
type Options struct {
	Log *slog.Logger     // nil: nothing is logged
	Now func() time.Time // nil: time.Now
	// Create allows a new database and its keyset. Without it a missing database is
	// [ErrNoDatabase]: a scheduled job that looks at the wrong place must not find an
	// empty fleet there and report that all is well.
	Create bool
	// Offline is for work that never calls Meta; what only such calls need is not checked.
	Offline bool
	// Agent names the program and its version to Meta; empty: the client's default.
	Agent string
}

// ErrNoDatabase: there is no database yet, and the options do not allow to make one.
var ErrNoDatabase = errors.New("there is no database yet")

// A Service is Evergrant, ready to work. Make one with [Open], and close it.
type Service struct {
	settings settings.Settings
	kms      *secrets.Keeper // nil: the keyset is not wrapped
	keyring  *seal.Keyring
	db       *sqlstore.DB
	store    *sqlstore.Store
	client   *meta.Client // nil: offline
	keeper   *evergrant.Keeper
}

// Open opens the database, finds its keyset, brings the schema forward, and wires
// the Keeper. Before the keyset has proved that it fits, nothing is written.
func Open(ctx context.Context, s *settings.Settings, o Options) (*Service, error) {
	svc := &Service{settings: *s}
	if err := svc.open(ctx, o); err != nil {
		return nil, errors.Join(err, svc.Close())
	}
	return svc, nil
}

func (s *Service) open(ctx context.Context, o Options) (err error) {
	if s.db, err = openDatabase(ctx, &s.settings, o); err != nil {
		return err
	}
	if s.kms, err = OpenKMS(ctx, &s.settings); err != nil {
		return err
	}
	if s.keyring, err = openKeyring(ctx, &s.settings, s.db, s.kms, o); err != nil {
		return err
	}
	if s.store, err = s.db.Unlock(ctx, s.keyring); err != nil {
		return err
	}
	var provider evergrant.Provider
	if !o.Offline {
		if s.client, err = newClient(&s.settings, o); err != nil {
			return err
		}
		provider = s.client
		if s.settings.ClientSecret.Empty() {
			provider = withoutSecret{provider}
		}
	}
	s.keeper, err = evergrant.New(evergrant.Config{
		Store: s.store, Provider: provider, Now: o.Now, Log: o.Log, SubscribeFields: s.settings.SubscribeFields,
	})
	return err
}

func openDatabase(ctx context.Context, s *settings.Settings, o Options) (*sqlstore.DB, error) {
	raw := s.DatabaseURL.Reveal()
	db, err := sqlstore.Open(ctx, sqlstore.Config{URL: raw, Now: o.Now, Log: o.Log})
	if err != nil {
		return nil, ExplainDatabase(raw, err)
	}
	if have, _ := db.Schema(); have == 0 && !o.Create {
		err := fmt.Errorf("%s: %w: import channels to create it, or check EVERGRANT_DATABASE_URL and EVERGRANT_STATE_DIR", db.Name(), ErrNoDatabase)
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// openKeyring finds the keyset of a database. Only a database in which nothing has
// been sealed may get a new one.
func openKeyring(ctx context.Context, s *settings.Settings, db *sqlstore.DB, kms *secrets.Keeper, o Options) (*seal.Keyring, error) {
	options := seal.Options{KMS: kms, Now: o.Now, Logger: o.Log}
	keys, err := db.SealedWith(ctx)
	if err != nil {
		return nil, err
	}
	if len(keys) > 0 || !o.Create {
		return seal.Load(ctx, s.KeysetFile, options)
	}
	keyring, created, err := seal.LoadOrCreate(ctx, s.KeysetFile, options)
	if created && o.Log != nil {
		o.Log.InfoContext(ctx, "a new sealing keyset was made: back it up together with the database, for neither is of use alone", "file", s.KeysetFile)
	}
	return keyring, err
}

// Keeper is the engine: everything that changes a token goes through it.
func (s *Service) Keeper() *evergrant.Keeper { return s.keeper }

// Store is the database behind the Keeper.
func (s *Service) Store() evergrant.Store { return s.store }

// Close ends all connections. It may be called twice, and on a Service that was
// opened in part.
func (s *Service) Close() error {
	var errs []error
	if s.keeper != nil {
		s.keeper.Wait() // an answer under way may be a token, and is still to be stored
	}
	if s.client != nil {
		errs = append(errs, s.client.Close())
	}
	if s.db != nil {
		errs = append(errs, s.db.Close())
	}
	if s.kms != nil {
		errs = append(errs, s.kms.Close())
		s.kms = nil
	}
	return errors.Join(errs...)
}
