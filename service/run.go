package service

import (
	"context"

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
		job.Concurrency = s.settings.Concurrency
	}
	return s.keeper.Run(ctx, job)
}
