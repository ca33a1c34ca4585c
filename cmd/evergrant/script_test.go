package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/evergrant/evergrant/internal/sim"
	"github.com/evergrant/evergrant/service/demo"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"evergrant": main})
}

// Each script runs the real program as a process of its own, against a simulator over
// HTTP and a real SQLite file. See script_commands_test.go for the commands that the
// scripts have besides the usual ones.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("..", "..", "testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setUpScript,
		Condition:           scriptCondition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"sim":      cmdSim,
			"chatter":  cmdChatter,
			"pipe":     cmdPipe,
			"json":     cmdJSON,
			"jsonenv":  cmdJSONEnv,
			"exit":     cmdExit,
			"channels": cmdChannels,
			"sql":      cmdSQL,
			"fifo":     cmdFifo,
			"tmpfs":    cmdTmpfs,
			"oneline":  cmdOneLine,
			"expand":   cmdExpand,
			"mode":     cmdMode,
		},
	})
}

// simKey is where a script's environment keeps its simulator.
type simKey struct{}

func setUpScript(env *testscript.Env) error {
	server, err := demo.Listen(context.Background(), "127.0.0.1:0", sim.Config{Seed: 1})
	if err != nil {
		return err
	}
	env.Defer(func() { _ = server.Close() })
	env.Values[simKey{}] = server
	for _, dir := range []string{"home", "state"} {
		if err := os.Mkdir(filepath.Join(env.WorkDir, dir), 0o700); err != nil {
			return err
		}
	}
	env.Vars = append(env.Vars, server.Settings()...)
	env.Vars = append(env.Vars,
		"SIM="+server.URL,
		"HOME="+filepath.Join(env.WorkDir, "home"),
		"EVERGRANT_STATE_DIR="+filepath.Join(env.WorkDir, "state"),
		"EVERGRANT_RATE=1000",
		"GOCOVERDIR="+os.Getenv("GOCOVERDIR"),
	)
	return nil
}

// scriptCondition knows [root]: the test may mount file systems.
func scriptCondition(name string) (bool, error) {
	return name == "root" && os.Geteuid() == 0, nil
}
