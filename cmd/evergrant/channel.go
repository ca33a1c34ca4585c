package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/service"
)

// disconnectCommand is `evergrant disconnect`.
func (a *app) disconnectCommand() *cobra.Command {
	var id int64
	cmd := &cobra.Command{
		Use: "disconnect", Args: noArgs,
		Short: "Forget the tokens of a channel, and keep its history",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := needChannel(cmd); err != nil {
				return err
			}
			return a.with(cmd.Context(), service.Options{Offline: true}, func(s *service.Service) error {
				c, err := s.Keeper().Disconnect(cmd.Context(), id)
				switch {
				case err != nil:
					return err
				case a.output.json:
					return a.printJSON(c)
				case a.quiet:
					return nil
				}
				return a.printf("channel %d (%s) is disconnected: its tokens are forgotten, its history is kept\n", c.ID, plainText(c.Name()))
			})
		},
	}
	channelFlag(cmd, &id, "the channel")
	return cmd
}

// tokenCommand is `evergrant token`.
func (a *app) tokenCommand() *cobra.Command {
	var id int64
	cmd := &cobra.Command{
		Use: "token", Args: noArgs,
		Short: "Print a working access token and nothing else",
		Long: "Prints an access token that works as far as anyone knows, converting or refreshing it\n" +
			"first when need be. The exit code is 3 when only the owner can help.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := needChannel(cmd); err != nil {
				return err
			}
			return a.with(cmd.Context(), service.Options{}, func(s *service.Service) error {
				held, err := s.Token(cmd.Context(), id)
				if errors.Is(err, evergrant.ErrLost) {
					a.complain(oneLine(err.Error()))
					return errAttention
				}
				if err != nil {
					return err
				}
				return a.printf("%s\n", held.Value.Reveal())
			})
		},
	}
	channelFlag(cmd, &id, "the channel")
	return cmd
}
