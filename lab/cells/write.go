package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"tailmox.lab/pve/pmxcfs/corosync"
)

// written is what became of the messages.
type written struct {
	// LatenciesMs of the messages in turn: from the first try to send until it was delivered here.
	LatenciesMs []float64 `json:"latenciesMs"`
	// LongestAt is when the message with the longest of them was sent, ms since 1970.
	LongestAt float64 `json:"longestAt"`
}

// payload is what Proxmox's own messages are like in size: a status or a line of a file.
const payload = 256

// grace is how long after the end the last message is waited for.
const grace = time.Minute

func write(args []string) error {
	flags := flag.NewFlagSet("write", flag.ContinueOnError)
	duration := flags.Duration("for", time.Minute, "how long")
	pause := flags.Duration("pause", time.Second, "mean pause between messages; 0: none")
	if err := flags.Parse(args); err != nil {
		return err
	}
	own := &deliveries{process: uint32(os.Getpid())}
	group, err := join(own)
	if err != nil {
		return err
	}
	defer group.Close()
	if own.node, err = group.LocalNode(); err != nil {
		return err
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	result := written{LatenciesMs: []float64{}}
	longest := 0.0
	// Pauses of all lengths from none to twice the mean, spread more evenly than chance would: the mean of few tells.
	share := rand.Float64()
	for end := time.Now().Add(*duration); time.Now().Before(end) && len(stop) == 0; {
		share = math.Mod(share+math.Phi-1, 1)
		if err := idle(group, time.Duration(share*2*float64(*pause))); err != nil {
			return err
		}
		began := time.Now()
		arrived, err := sendAndWait(group, own, len(result.LatenciesMs), end.Add(grace), stop)
		if err != nil {
			return err
		}
		ms := float64(arrived.Sub(began)) / float64(time.Millisecond)
		result.LatenciesMs = append(result.LatenciesMs, ms)
		if ms > longest {
			longest, result.LongestAt = ms, float64(began.UnixMicro())/1000
		}
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}

// join waits until corosync answers.
func join(own *deliveries) (*corosync.Group, error) {
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		group, err := corosync.Join("tailmox-proof", own)
		if err == nil || time.Now().After(deadline) {
			return group, err
		}
	}
}

// sendAndWait gives the moment at which the message was delivered here; corosync takes none while a ring forms.
// One that never comes counts until the deadline.
func sendAndWait(
	group *corosync.Group, own *deliveries, number int, deadline time.Time, stop chan os.Signal,
) (time.Time, error) {
	message := make([]byte, payload)
	copy(message, strconv.Itoa(number))
	sent := false
	for len(stop) == 0 && time.Now().Before(deadline) {
		if !sent {
			err := group.Send(message)
			if err != nil && !errors.Is(err, corosync.ErrTryAgain) {
				return time.Time{}, err
			}
			sent = err == nil
		}
		timeout := time.Second
		if !sent {
			timeout = 2 * time.Millisecond
		}
		if err := group.Wait(timeout, -1); err != nil {
			return time.Time{}, err
		}
		before := own.count
		if err := group.Dispatch(); err != nil {
			return time.Time{}, fmt.Errorf("corosync is gone: %w", err)
		}
		if own.count > before {
			return own.last, nil
		}
	}
	return time.Now(), nil
}

// idle goes on taking what is delivered while nothing is sent.
func idle(group *corosync.Group, pause time.Duration) error {
	for end := time.Now().Add(pause); ; {
		left := time.Until(end)
		if left <= 0 {
			return nil
		}
		// poll(2) counts whole ms; what is left of one is slept.
		if left < time.Millisecond {
			time.Sleep(left)
			continue
		}
		if err := group.Wait(left, -1); err != nil {
			return err
		}
		if err := group.Dispatch(); err != nil {
			return err
		}
	}
}

// deliveries counts the own messages that came back.
type deliveries struct {
	node, process uint32
	count         int
	last          time.Time
}

func (d *deliveries) Deliver(from corosync.Address, _ []byte) {
	if from.Node == d.node && from.Process == d.process {
		d.count++
		d.last = time.Now()
	}
}

func (d *deliveries) Configure([]corosync.Address) {}

func (d *deliveries) Ring(uint64) {}
