package service_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/service"
	"github.com/evergrant/evergrant/service/settings"
)

func Example() {
	dir, err := os.MkdirTemp("", "evergrant-example-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ctx := context.Background()
	cfg, err := settings.Load(settings.Input{Env: []string{"EVERGRANT_STATE_DIR=" + dir}})
	if err != nil {
		fmt.Println(err)
		return
	}

	file := strings.NewReader("id,username,access_token\n7,acme,IGAA-example-token\n")
	sum, err := service.Import(ctx, cfg, service.Options{}, file, service.ImportOptions{}, nil)
	fmt.Println(sum.Created, "created,", err)

	svc, err := service.Open(ctx, cfg, service.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = svc.Close() }()
	rep, err := svc.Run(ctx, evergrant.Job{Command: evergrant.CommandConvert, DryRun: true})
	for _, c := range rep.Channels {
		fmt.Println(c.ID, c.Username, c.Outcome, c.Reason)
	}
	fmt.Println(err)
	// Output:
	// 1 created, <nil>
	// 7 acme planned of unknown kind: the exchange will tell
	// <nil>
}
