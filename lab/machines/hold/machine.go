package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"syscall"
)

// wantsRestart is systemd-nspawn's exit status when its guest reboots and --keep-unit was given.
const wantsRestart = 133

// machine runs nspawn until its guest powers off, and again as often as the guest reboots. The machine dies with
// this process.
func machine(cgroup, file string, argv []string) (int, error) {
	for {
		if err := emptyCgroup(cgroup); err != nil {
			return 0, err
		}
		if err := freshNetwork(); err != nil {
			return 0, err
		}
		status, err := runIn(cgroup, file, argv)
		if err != nil || status != wantsRestart {
			return status, err
		}
	}
}

func runIn(cgroup, file string, argv []string) (int, error) {
	dir, err := os.Open(cgroup)
	if err != nil {
		return 0, err
	}
	defer dir.Close()
	command := &exec.Cmd{
		Path:   file,
		Args:   argv,
		Stdout: os.Stdout,
		Stderr: os.Stderr,
		SysProcAttr: &syscall.SysProcAttr{
			UseCgroupFD: true,
			CgroupFD:    int(dir.Fd()),
			Pdeathsig:   syscall.SIGKILL,
		},
	}
	err = command.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// freshNetwork undoes what the last run left in the network namespace, which outlives it: a host that is
// switched on has no connections, no firewall and no policy routes yet. Connections first: the kernel would say
// farewell (FIN) for those that a power cut has left, once the firewall lets it.
func freshNetwork() error {
	// Needs CONFIG_INET_DIAG_DESTROY; without it those farewells are sent.
	_ = exec.Command("ss", "--kill", "--tcp", "state", "all").Run()
	if output, err := exec.Command("nft", "flush", "ruleset").CombinedOutput(); err != nil {
		return fmt.Errorf("nft flush ruleset: %w: %s", err, output)
	}
	for _, family := range []string{"-4", "-6"} {
		rules, err := exec.Command("ip", family, "rule", "list").Output()
		if err != nil {
			return fmt.Errorf("ip rule: %w", err)
		}
		for _, found := range priority.FindAllSubmatch(rules, -1) {
			if which := string(found[1]); !slices.Contains(ownRules, which) {
				_ = exec.Command("ip", family, "rule", "del", "priority", which).Run()
			}
		}
	}
	return nil
}

var priority = regexp.MustCompile(`(?m)^(\d+):`)

// ownRules are the kernel's: local, main, default.
var ownRules = []string{"0", "32766", "32767"}
