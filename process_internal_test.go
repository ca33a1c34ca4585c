package evergrant

import (
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

func TestProcessDead(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells")
	}
	mine := processName()
	child := exec.Command("cat") // runs until its input ends
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	part := strings.Split(mine, "/")
	part[1], part[3] = strconv.Itoa(child.Process.Pid), processStart(child.Process.Pid)
	theirs := strings.Join(part, "/")
	if processDead(mine) || processDead(theirs) {
		t.Error("a running process is said to be dead")
	}
	part[3] += "1"
	if reused := strings.Join(part, "/"); !processDead(reused) {
		t.Error("a process id that was used again is said to be the old process")
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := child.Wait(); err != nil {
		t.Fatal(err)
	}
	if !processDead(theirs) {
		t.Error("an ended process is said to be alive")
	}
	for _, owner := range []string{"", "host/1/x", strings.Replace(theirs, part[4], "another-boot,pid:[1]", 1), "h/none/x/1/" + part[4], "a process that was killed"} {
		if processDead(owner) {
			t.Errorf("processDead(%q) = true; want false when in doubt", owner)
		}
	}
}
