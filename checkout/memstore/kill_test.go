package memstore_test

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"kassa/checkout"
	"kassa/checkout/memstore"
)

// The test binary runs itself again as a process to be killed, or to run out of disk.
var (
	victim   = flag.String("victim", "", "what to do as a victim: kill, quota")
	victimDB = flag.String("victimdb", "", "the victim's file")
	deadline = flag.Int64("deadly", 0, "the commit in which the victim kills itself")
)

const mugs = 1_000_000

func TestMain(m *testing.M) {
	flag.Parse()
	var err error
	switch *victim {
	case "":
		os.Exit(m.Run())
	case "kill":
		err = commitUntilDeath(os.Stdout)
	case "quota":
		err = commitUntilFull(os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// commitUntilDeath takes mugs from several goroutines and writes the id of each session whose commit was answered, until it
// is killed or, in the middle of a commit, kills itself.
func commitUntilDeath(out io.Writer) error {
	var commits atomic.Int64
	s, err := memstore.Open(*victimDB, memstore.BeforeDurable(func(context.Context) {
		if commits.Add(1) == *deadline {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}))
	if err != nil {
		return err
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	for w := range 8 {
		all.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("cs_%d_%d", w, i)
				if err := s.Commit(context.Background(), taking(id)); err != nil {
					return
				}
				mu.Lock()
				_, _ = fmt.Fprintln(out, id)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return errors.New("the victim survived")
}

// commitUntilFull takes mugs until the file may not grow, and tells what the store then says.
func commitUntilFull(out io.Writer) error {
	signal.Ignore(syscall.SIGXFSZ)
	s, err := memstore.Open(*victimDB)
	if err != nil {
		return err
	}
	limit := syscall.Rlimit{Cur: 200 << 10, Max: 200 << 10}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	for i := range 1000 { // 10 MB, if nothing stops it
		c := taking(fmt.Sprint("cs_full_", i))
		c.Session.Review = strings.Repeat("x", 10_000)
		if err = s.Commit(context.Background(), c); err != nil {
			break
		}
		_, _ = fmt.Fprintln(out, c.Session.ID)
	}
	_, readErr := s.Session(context.Background(), "cs_full_0")
	_, _ = fmt.Fprintln(out, "write:", checkout.ErrorCode(err), "again:", checkout.ErrorCode(s.Commit(context.Background(), taking("cs_more_0"))),
		"read:", checkout.ErrorCode(readErr))
	return nil
}

// startVictim fills a store and starts a victim on it.
func startVictim(t *testing.T, path, role string, deadly int64) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	s, err := memstore.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	onShelf(t, s, mugs)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-victim="+role, "-victimdb="+path, "-deadly="+strconv.FormatInt(deadly, 10)) //nolint:gosec // this very binary
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out)
}

// survived opens what a victim left and checks that everything answered is there, and nothing is there by half.
func survived(t *testing.T, path string, answered []string) {
	t.Helper()
	s := open(t, path)
	for _, id := range answered {
		if !has(t, s, id) {
			t.Errorf("session %s was answered and is lost", id)
		}
	}
	watched, taken := 0, mugs-free(t, s)
	q := checkout.DueQuery{Before: now, Limit: 100}
	for {
		page, err := s.Watched(t.Context(), checkout.WatchPayment, q)
		if err != nil {
			t.Fatal(err)
		}
		watched += len(page.Items)
		if q.Cursor = page.Cursor; q.Cursor == "" {
			break
		}
	}
	if int64(watched) != taken || watched < len(answered) {
		t.Errorf("there are %d sessions, %d mugs taken and %d answers: want as many mugs as sessions, and all answers", watched, taken, len(answered))
	}
}

func TestKilledProcessLosesNothing(t *testing.T) {
	t.Parallel()
	for _, deadly := range []int64{0, 1, 2, 7, 60} { // 0: from outside, wherever it is
		t.Run(fmt.Sprint("in commit ", deadly), func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "kassa.db")
			cmd, lines := startVictim(t, path, "kill", deadly)
			var answered []string
			for lines.Scan() {
				answered = append(answered, lines.Text())
				if deadly == 0 && len(answered) == 40 {
					if err := cmd.Process.Kill(); err != nil {
						t.Error(err)
					}
				}
			}
			var exit *exec.ExitError
			if err := cmd.Wait(); !errors.As(err, &exit) || exit.Exited() {
				t.Fatalf("the victim was not killed: %v", err)
			}
			if deadly > 0 && int64(len(answered)) >= deadly {
				t.Errorf("%d commits were answered, the victim died in number %d", len(answered), deadly)
			}
			survived(t, path, answered)
		})
	}
}

func TestFullDiskLosesNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kassa.db")
	cmd, lines := startVictim(t, path, "quota", 0)
	var answered []string
	for lines.Scan() {
		answered = append(answered, lines.Text())
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	said := answered[len(answered)-1]
	if want := "write: unavailable again: unavailable read: unavailable"; said != want {
		t.Errorf("the store said %q, want %q", said, want)
	}
	survived(t, path, answered[:len(answered)-1])
}
