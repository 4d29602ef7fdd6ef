// Package journal writes the lines that the real program writes: `[domain] level: text`.
package journal

import (
	"fmt"
	"log/syslog"
	"os"
	"sync/atomic"
)

// Journal writes to the system's log, or to standard error in the foreground. Safe for concurrent use.
type Journal struct {
	system *syslog.Writer
	debug  atomic.Bool
}

// Stderr makes a journal on standard error.
func Stderr() *Journal { return &Journal{} }

// System makes a journal on the system's log; without one it falls back to standard error.
func System(tag string) *Journal {
	writer, err := syslog.New(syslog.LOG_DAEMON|syslog.LOG_NOTICE, tag)
	if err != nil {
		return Stderr()
	}
	return &Journal{system: writer}
}

// SetDebug turns debug lines on or off, Debugging tells.
func (j *Journal) SetDebug(on bool) { j.debug.Store(on) }
func (j *Journal) Debugging() bool  { return j.debug.Load() }

// Notice tells what an administrator looks for.
func (j *Journal) Notice(domain, format string, args ...any) {
	j.write((*syslog.Writer).Notice, domain, "notice", format, args)
}

// Critical tells what keeps the program from its work.
func (j *Journal) Critical(domain, format string, args ...any) {
	j.write((*syslog.Writer).Crit, domain, "crit", format, args)
}

// EchoCritical says on standard error what Critical told the system's log: for whoever started the program
// by hand.
func (j *Journal) EchoCritical(domain, format string, args ...any) {
	if j.system != nil {
		Stderr().Critical(domain, format, args...)
	}
}

// Debug tells what only the developer of the file system looks for.
func (j *Journal) Debug(domain, format string, args ...any) {
	if j.debug.Load() {
		j.write((*syslog.Writer).Debug, domain, "debug", format, args)
	}
}

func (j *Journal) write(send func(*syslog.Writer, string) error, domain, level, format string, args []any) {
	line := fmt.Sprintf("[%s] %s: %s", domain, level, fmt.Sprintf(format, args...))
	if j.system != nil && send(j.system, line) == nil {
		return
	}
	fmt.Fprintln(os.Stderr, line)
}
