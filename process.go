package evergrant

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// processName tells this process from every other, and lets processes of the same
// machine see whether it still runs: host, boot and process namespace, process id,
// start time, and a random part. Where the system does not tell (it does on Linux), the
// name is host, process id and the random part.
func processName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	pid := os.Getpid()
	name := fmt.Sprintf("%s/%d/%s", host, pid, rand.Text()[:8])
	machine, started := thisMachine(), processStart(pid)
	if machine == "" || started == "" {
		return name
	}
	return name + "/" + started + "/" + machine
}

// processDead reports whether owner is the name of a process of this very machine that
// runs no more. When in doubt it is not dead.
func processDead(owner string) bool {
	part := strings.Split(owner, "/")
	if len(part) != 5 {
		return false
	}
	pid, err := strconv.Atoi(part[1])
	if err != nil || pid <= 0 || part[4] != thisMachine() {
		return false
	}
	if started := processStart(pid); started != "" {
		return started != part[3] // or else the id is in use by another process
	}
	// /proc shows a zombie as ended, and may hide processes of other users. Signal 0 is not
	// delivered: it only asks whether there is somebody to deliver it to.
	p, err := os.FindProcess(pid)
	return err == nil && errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
}

// thisMachine names the boot of this machine and the namespace that process ids belong
// to; "" where unknown.
func thisMachine() string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	space, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(boot)) + "," + space
}

// processStart is when a process was started, in the kernel's ticks since boot; "" when
// that cannot be told. It is field 22 of /proc/[pid]/stat, counted behind the name in
// parentheses, which may hold anything:
// https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
func processStart(pid int) string {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return ""
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	switch {
	case len(fields) < 20:
		return ""
	case fields[0] == "Z" || fields[0] == "X":
		return "ended" // a zombie does no work any more
	}
	return fields[19]
}
