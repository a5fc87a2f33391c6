package lambdatest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Usage is what a process uses, as Linux tells.
type Usage struct {
	Took    time.Duration // of Init: from exec to the first request for an event
	CPU     time.Duration // since its start, of all threads that still are
	Memory  int64         // resident bytes
	Files   int           // open ones, sockets included
	Threads int
}

// Usage returns what the process uses now.
func (f *Function) Usage() (Usage, error) {
	u, err := usageOf(f.cmd.Process.Pid)
	if err != nil {
		return u, fmt.Errorf("read what the process uses: %w", err)
	}
	return u, nil
}

func usageOf(pid int) (u Usage, err error) {
	folder := filepath.Join("/proc", strconv.Itoa(pid))
	files, err := os.ReadDir(filepath.Join(folder, "fd"))
	if err != nil {
		return u, err
	}
	u.Files = len(files)
	threads, err := filepath.Glob(filepath.Join(folder, "task", "*", "schedstat"))
	if err != nil {
		return u, err
	}
	for _, thread := range threads {
		text, err := os.ReadFile(thread) //nolint:gosec // of /proc
		if err != nil {
			continue // a thread that has just ended
		}
		var onCPU int64
		if _, err := fmt.Sscan(string(text), &onCPU); err != nil {
			return u, fmt.Errorf("%s: %w", thread, err)
		}
		u.CPU += time.Duration(onCPU)
		u.Threads++
	}
	status, err := os.ReadFile(filepath.Join(folder, "status")) //nolint:gosec // of /proc
	if err != nil {
		return u, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			var kilobytes int64
			if _, err := fmt.Sscan(rest, &kilobytes); err != nil {
				return u, fmt.Errorf("%s: %w", line, err)
			}
			u.Memory = kilobytes << 10
		}
	}
	return u, nil
}
