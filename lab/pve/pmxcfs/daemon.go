package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// readyFD is where the daemon tells the command that started it that /etc/pve is mounted.
const readyFD = 3

// daemonMark in the environment tells the program that it is the daemon already.
const daemonMark = "PMXCFS_DAEMON"

// daemonize starts this program again in a session of its own and waits until it is ready, or has ended.
// Gives the exit status of the command.
func daemonize() int {
	reader, writer, err := os.Pipe()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	// Not /proc/self/exe: the process would be called "exe", and killall looks for pmxcfs.
	self, err := os.Executable()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	command := exec.Command(self, os.Args[1:]...)
	command.Args[0] = os.Args[0]
	command.Env = append(os.Environ(), daemonMark+"=1")
	command.Dir = "/"
	command.Stderr = os.Stderr
	command.ExtraFiles = []*os.File{writer}
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := errors.Join(command.Start(), writer.Close()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if word, _ := io.ReadAll(reader); string(word) == "ready" {
		return 0
	}
	err = command.Wait()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() > 0 {
		return exit.ExitCode()
	}
	return 1
}

// detach tells the waiting command that all is well, and lets go of its standard error.
func detach() error {
	ready := os.NewFile(readyFD, "ready")
	_, err := ready.WriteString("ready")
	null, openErr := os.OpenFile("/dev/null", os.O_WRONLY, 0)
	if err = errors.Join(err, ready.Close(), openErr); err != nil {
		return err
	}
	return errors.Join(unix.Dup2(int(null.Fd()), 1), unix.Dup2(int(null.Fd()), 2), null.Close())
}

// acquireLock keeps a second pmxcfs away from the database. It waits 10 s, as the real program does.
func acquireLock(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("unable to create lock '%s': %w", path, err)
	}
	for range 100 {
		if err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err == nil {
			return file, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return nil, fmt.Errorf("unable to acquire pmxcfs lock: %w", err)
}

func writePID(path string) error {
	return os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644)
}
