package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/evergrant/evergrant/service"
)

// keysCommand is `evergrant keys`.
func (a *app) keysCommand() *cobra.Command {
	cmd := group(&cobra.Command{Use: "keys", Short: "Look after the keys that seal the stored tokens"})
	var fresh bool
	rotate := &cobra.Command{
		Use: "rotate", Args: noArgs,
		Short: "Add a new key and seal every stored token with it",
		Long: "Adds a new key and seals every stored token with it, while other processes go on working.\n" +
			"It may be interrupted: run again, it finishes what is left and adds no other key. Old keys\n" +
			"stay in the keyset until keys retire. Back up the keyset afterwards.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), service.Options{Offline: true}, func(s *service.Service) error {
				return a.rotate(cmd.Context(), s, fresh)
			})
		},
	}
	rotate.Flags().BoolVar(&fresh, "new-key", false, "add a key even if an earlier rotation is not finished")
	cmd.AddCommand(rotate, &cobra.Command{
		Use: "list", Args: noArgs,
		Short: "Show the keys and how many tokens each one seals",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), service.Options{Offline: true}, func(s *service.Service) error {
				keys, err := s.Keys(cmd.Context())
				if err != nil {
					return err
				}
				return a.printKeys(keys)
			})
		},
	}, &cobra.Command{
		Use: "retire ID", Args: oneKey,
		Short: "Remove a key with which nothing is sealed any more",
		Long:  "Removes a key for good. A key with which anything in this database is sealed is refused;\nbackups that were made with it can no longer be read.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), service.Options{Offline: true}, func(s *service.Service) error {
				return a.retire(cmd.Context(), s, args[0])
			})
		},
	})
	return cmd
}

func oneKey(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usagef("%s needs the ID of one key; evergrant keys list shows them", called(cmd))
	}
	return nil
}

func (a *app) printKeys(keys []service.SealingKey) error {
	if a.output.json {
		return a.printJSON(map[string]any{"keys": keys})
	}
	table := a.sheet("id", "created", "tokens", "previous tokens", "role")
	for _, k := range keys {
		role := "opens"
		switch {
		case k.Primary:
			role = "seals and opens"
		case k.Missing:
			role = "missing in the keyset"
		}
		created := ""
		if !k.CreatedAt.IsZero() {
			created = k.CreatedAt.UTC().Format(time.DateOnly)
		}
		if err := table.row(k.ID, created, fmt.Sprint(k.Tokens), fmt.Sprint(k.Previous), role); err != nil {
			return err
		}
	}
	return table.end()
}

func (a *app) rotate(ctx context.Context, s *service.Service, fresh bool) error {
	step, end := a.counter("re-seal")
	r, err := func() (service.Rotation, error) {
		defer end()
		return s.RotateKeys(ctx, fresh, func(done, total int64) { step(int(done), int(total)) })
	}()
	switch {
	case err != nil:
		return err
	case a.output.json:
		return a.printJSON(r)
	case a.quiet:
		return nil
	case r.Resumed:
		return a.printf("the earlier rotation to key %s is finished: %s sealed anew\n", r.Key, counted(r.Resealed, "channel"))
	}
	return a.printf("key %s seals now: %s sealed anew; back up the keyset\n", r.Key, counted(r.Resealed, "channel"))
}

func (a *app) retire(ctx context.Context, s *service.Service, id string) error {
	err := s.RetireKey(ctx, id)
	switch {
	case err != nil:
		return err
	case a.output.json:
		return a.printJSON(map[string]string{"retired": id})
	case a.quiet:
		return nil
	}
	return a.printf("key %s is retired\n", id)
}
