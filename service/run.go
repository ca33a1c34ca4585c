package service

import (
	"context"
	"errors"

	"github.com/evergrant/evergrant"
)

// Run works through the fleet; see [evergrant.Keeper.Run]. The number of calls at once
// is the setting's unless the job names one. A conversion that is more than a look
// needs the app's secret: [ErrNoClientSecret].
func (s *Service) Run(ctx context.Context, job evergrant.Job) (evergrant.Report, error) {
	if job.Command == evergrant.CommandConvert && !job.DryRun && s.settings.ClientSecret.Empty() {
		return evergrant.Report{}, ErrNoClientSecret
	}
	if job.Concurrency <= 0 {
		// The client bounds the calls in flight. Half as many channels more in work hide the time
		// that the database takes for leases and commits behind the calls of others.
		job.Concurrency = s.settings.Concurrency + (s.settings.Concurrency+1)/2
	}
	return s.keeper.Run(ctx, job)
}

// Token returns a channel with a working token; see [evergrant.Keeper.Token]. Somebody is
// waiting for it, so a token that could not be extended a moment ago is tried again.
func (s *Service) Token(ctx context.Context, id int64) (evergrant.Held, error) {
	held, err := s.keeper.Token(ctx, id)
	if errors.Is(err, evergrant.ErrNoToken) {
		if _, tried := s.keeper.Refresh(ctx, id); tried == nil {
			return s.keeper.Token(ctx, id)
		}
	}
	return held, err
}
