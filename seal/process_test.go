package seal_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evergrant/evergrant/seal"
)

// childEnv turns this test binary into a program that works on the named keyset.
const childEnv = "SEAL_TEST_CHILD_KEYSET"

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		os.Exit(child(path))
	}
	os.Exit(m.Run())
}

// child makes or loads the keyset and rotates it; it prints the keyset's id, whether
// it made it, and the new key's id.
func child(path string) int {
	ctx := context.Background()
	k, created, err := seal.LoadOrCreate(ctx, path, seal.Options{Timeout: time.Minute})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	id, err := k.Rotate(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(k.ID(), created, id)
	return 0
}

func TestProcessesAtOnce(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "state", "keyset.json")
	const processes = 8
	lines := make([]string, processes)
	var wg sync.WaitGroup
	for i := range processes {
		wg.Go(func() {
			var out, errOut bytes.Buffer
			cmd := exec.CommandContext(t.Context(), exe)
			cmd.Env = append(os.Environ(), childEnv+"="+path)
			cmd.Stdout, cmd.Stderr = &out, &errOut
			if err := cmd.Run(); err != nil {
				t.Errorf("process %d: %v: %s", i, err, errOut.String())
			}
			lines[i] = out.String()
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	k := mustLoad(t, path, seal.Options{})
	var have, want []string
	for _, key := range k.Keys()[1:] { // without the one it began with
		have = append(have, key.ID)
	}
	created := 0
	for _, line := range lines {
		f := strings.Fields(line)
		if len(f) != 3 || f[0] != k.ID() {
			t.Fatalf("a process said %q; want keyset %s", line, k.ID())
		}
		if f[1] == "true" {
			created++
		}
		want = append(want, f[2])
	}
	slices.Sort(have)
	slices.Sort(want)
	if created != 1 || !slices.Equal(have, want) {
		t.Errorf("got %d creations and keys %v; want 1 and %v", created, have, want)
	}
	wantNoLeftovers(t, path)
}
