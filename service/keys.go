package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evergrant/evergrant/seal"
)

// A SealingKey is one key of the keyset, and how much of the database it protects.
type SealingKey struct {
	ID        string    `json:"id"`
	Primary   bool      `json:"primary"` // seals what is written now
	CreatedAt time.Time `json:"created_at,omitzero"`
	Tokens    int64     `json:"tokens"`          // current tokens sealed with it
	Previous  int64     `json:"previous_tokens"` // tokens before those, kept until they expire
	Missing   bool      `json:"missing"`         // the database names it, the keyset does not hold it
}

// InUse is how many stored values only this key opens.
func (k SealingKey) InUse() int64 { return k.Tokens + k.Previous }

// ErrKeyInUse: values are still sealed with the key.
var ErrKeyInUse = errors.New("the key is in use")

// Keys lists the sealing keys, the oldest first.
func (s *Service) Keys(ctx context.Context) ([]SealingKey, error) {
	if err := s.keyring.Reload(ctx); err != nil {
		return nil, err
	}
	uses, err := s.store.Keys(ctx)
	if err != nil {
		return nil, err
	}
	keys := []SealingKey{}
	place := map[string]int{}
	for _, k := range s.keyring.Keys() {
		place[k.ID] = len(keys)
		keys = append(keys, SealingKey{ID: k.ID, Primary: k.Primary, CreatedAt: k.CreatedAt})
	}
	for _, use := range uses {
		i, ok := place[use.ID]
		if !ok {
			i = len(keys)
			keys = append(keys, SealingKey{ID: use.ID, CreatedAt: use.RegisteredAt, Missing: true})
		}
		keys[i].Tokens, keys[i].Previous = use.Tokens, use.Previous
	}
	return keys, nil
}

// A Rotation is what RotateKeys did.
type Rotation struct {
	Key      string `json:"key"`      // the primary key now
	Resumed  bool   `json:"resumed"`  // an earlier rotation was finished; no key was added
	Resealed int64  `json:"resealed"` // channels whose tokens were sealed anew
}

// RotateKeys adds a new primary key and seals every stored token with it. When an
// earlier rotation was interrupted, it finishes that one and adds no key, unless
// fresh is set. It may be interrupted at any time; other processes may work meanwhile.
func (s *Service) RotateKeys(ctx context.Context, fresh bool, progress func(done, total int64)) (Rotation, error) {
	keys, err := s.Keys(ctx)
	if err != nil {
		return Rotation{}, err
	}
	var r Rotation
	for _, k := range keys {
		if !k.Primary && k.InUse() > 0 && !fresh {
			r.Resumed = true
		}
	}
	if !r.Resumed {
		if _, err := s.keyring.Rotate(ctx); err != nil {
			return Rotation{}, err
		}
	}
	r.Key = s.keyring.Primary()
	r.Resealed, err = s.store.Reseal(ctx, 0, progress)
	if err != nil {
		return r, fmt.Errorf("rotation is not finished (run keys rotate again): %w", err)
	}
	return r, nil
}

// RetireKey takes a key out of the database and the keyset for good. A key with which
// anything is still sealed is [ErrKeyInUse].
func (s *Service) RetireKey(ctx context.Context, id string) error {
	keys, err := s.Keys(ctx)
	if err != nil {
		return err
	}
	for _, k := range keys {
		switch {
		case k.ID != id:
			continue
		case k.Primary:
			return fmt.Errorf("retire key %s: %w: it seals what is written now; run keys rotate first", id, ErrKeyInUse)
		case k.InUse() > 0:
			return fmt.Errorf("retire key %s: %w: %d stored tokens are sealed with it; run keys rotate first", id, ErrKeyInUse, k.InUse())
		}
		if err := s.store.Retire(ctx, id); err != nil {
			return err
		}
		if k.Missing {
			return nil
		}
		return s.keyring.Retire(ctx, id)
	}
	return fmt.Errorf("retire key %q: %w: keys list shows them", id, seal.ErrUnknownKey)
}
