package evergrant

import (
	"crypto/rand"
	"fmt"
	"os"
	"strconv"
	"strings"
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
	return processStart(pid) != part[3]
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
// it does not run. It is field 22 of https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html,
// counted behind the name in parentheses, which may hold anything. Read 2026-11.
func processStart(pid int) string {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return ""
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return "" // a zombie does no work any more
	}
	return fields[19]
}
