package cluster

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"

	"tailmox.lab/pve/pmxcfs/database"
	"tailmox.lab/pve/pmxcfs/tree"
)

// memory is a Content whose "disk" is a second tree, brought up to date by Commit.
type memory struct {
	rows, disk      *tree.Tree
	lineage, onDisk uint32
	dumps           map[string][]tree.Entry
	commits         int
}

func newMemory(dumps map[string][]tree.Entry) *memory {
	return &memory{rows: tree.New(0), disk: tree.New(0), dumps: dumps}
}

func (c *memory) Summary() database.Summary {
	return database.Summary{
		Version: c.rows.Version(), Mtime: c.rows.Mtime(), Lineage: c.lineage, Digest: c.rows.Digest(),
	}
}

func (c *memory) Apply(op tree.Op, writer uint32) syscall.Errno {
	_, errno := c.rows.Apply(op, writer)
	return errno
}

func (c *memory) SetLineage(lineage uint32) { c.lineage = lineage }

func (c *memory) Commit() error {
	if c.disk.Version() == c.rows.Version() && c.onDisk == c.lineage {
		return nil
	}
	c.commits++
	c.disk, c.onDisk = tree.Load(c.rows.Rows()), c.lineage
	return nil
}

func (c *memory) Dump() ([]byte, error) {
	digest := c.rows.Digest()
	c.dumps[digest] = c.rows.Rows()
	return []byte(digest), nil
}

func (c *memory) Install(dump []byte, lineage uint32) error {
	c.rows, c.lineage = tree.Load(c.dumps[string(dump)]), lineage
	c.disk, c.onDisk = tree.Load(c.rows.Rows()), lineage
	c.commits++
	return nil
}

// host is one member with the messages that it has not sent yet.
type host struct {
	number  uint32
	process uint32
	content *memory
	machine *Machine
	outbox  [][]byte
	ring    uint64
	world   *world
}

func (h *host) Send(payload []byte)    { h.outbox = append(h.outbox, payload) }
func (h *host) Quorate() bool          { return 2*len(h.world.partOf(h)) > len(h.world.hosts) }
func (h *host) UnlockRequested(string) {}
func (h *host) Notice(string, ...any)  {}
func (h *host) member() Member         { return Member{Node: h.number, Process: h.process} }

func (h *host) start() {
	h.process++
	h.outbox = nil
	h.machine = NewMachine(h.member(), h.content, h, func() uint64 { return h.world.random.Uint64() | 1 })
}

// world is a cluster in which every part has its own order of messages.
type world struct {
	t      *testing.T
	random *rand.Rand
	hosts  []*host
	parts  [][]*host
	files  int
	// calls are writes in flight, by file.
	calls map[string]chan syscall.Errno
	// safe are the files that were on the disks of a majority.
	safe map[string]bool
	// ok counts writes that returned.
	ok int
}

func newWorld(t *testing.T, seed uint64, size int) *world {
	w := &world{
		t: t, random: rand.New(rand.NewPCG(seed, 1)), calls: map[string]chan syscall.Errno{},
		safe: map[string]bool{},
	}
	dumps := map[string][]tree.Entry{}
	for number := range size {
		h := &host{number: uint32(number + 1), content: newMemory(dumps), world: w}
		h.start()
		w.hosts = append(w.hosts, h)
	}
	w.regroup(slices.Clone(w.hosts))
	return w
}

func (w *world) partOf(h *host) []*host {
	for _, part := range w.parts {
		if slices.Contains(part, h) {
			return part
		}
	}
	return nil
}

// regroup makes the given hosts one part; who was with them before stays behind in parts of its own.
func (w *world) regroup(parts ...[]*host) {
	w.parts = parts
	for _, part := range parts {
		ring := uint64(0)
		for _, h := range part {
			ring = max(ring, h.ring)
		}
		var members []Member
		for _, h := range part {
			members = append(members, h.member())
		}
		for _, h := range part {
			h.ring = ring + 4
			h.machine.Ring(h.ring)
			h.machine.Configure(members)
			w.flush(h)
		}
	}
}

// step delivers the next message of a random host to a part, in the one order of the part.
func (w *world) step() bool {
	var ready []*host
	for _, h := range w.hosts {
		if len(h.outbox) > 0 && w.partOf(h) != nil {
			ready = append(ready, h)
		}
	}
	if len(ready) == 0 {
		return false
	}
	sender := ready[w.random.IntN(len(ready))]
	w.deliver(sender, w.partOf(sender))
	return true
}

func (w *world) deliver(sender *host, to []*host) {
	payload := sender.outbox[0]
	sender.outbox = sender.outbox[1:]
	for _, h := range to {
		if err := h.machine.Deliver(sender.member(), payload); err != nil {
			w.t.Fatal(err)
		}
	}
	for _, h := range to {
		w.flush(h)
	}
}

func (w *world) flush(h *host) {
	commits := h.content.commits
	if err := h.machine.Flush(); err != nil {
		w.t.Fatal(err)
	}
	if h.content.commits != commits {
		w.noteSafe(h)
	}
	for name, result := range w.calls {
		select {
		case errno := <-result:
			delete(w.calls, name)
			if errno == 0 {
				w.ok++
			}
		default:
		}
	}
}

// noteSafe remembers what is on the disks of a majority: it must never be lost.
func (w *world) noteSafe(h *host) {
	for _, row := range h.content.disk.Rows() {
		if row.Inode != tree.RootInode && !w.safe[row.Name] && w.held(row.Name)*2 > len(w.hosts) {
			w.safe[row.Name] = true
		}
	}
}

func (w *world) held(name string) int {
	held := 0
	for _, h := range w.hosts {
		if _, errno := h.content.disk.Lookup(name); errno == 0 {
			held++
		}
	}
	return held
}

func (w *world) write() { w.writeOn(w.hosts[w.random.IntN(len(w.hosts))]) }

func (w *world) writeOn(h *host) {
	if !h.machine.Ready() || !h.Quorate() {
		return // The caller is refused before any message, as the mount does.
	}
	w.files++
	name := fmt.Sprintf("file-%d-by-%d", w.files, h.number)
	result := make(chan syscall.Errno, 1)
	w.calls[name] = result
	h.machine.Submit(tree.Op{Kind: tree.Create, Path: name, Mtime: uint32(w.files / 50)}, result)
}

func (w *world) settle() {
	for range 20_000 {
		if !w.step() {
			return
		}
	}
	w.t.Fatal("messages never end")
}

// split cuts one or two hosts off. Before that, some of them see a last message that the others never get.
func (w *world) split() {
	all := slices.Clone(w.hosts)
	w.random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	few := all[:1+w.random.IntN((len(all)-1)/2)]
	for range w.random.IntN(6) {
		lonely := few[w.random.IntN(len(few))]
		w.writeOn(lonely)
		if len(lonely.outbox) > 0 {
			w.deliver(lonely, few)
		}
	}
	w.regroup(few, all[len(few):])
}

func (w *world) crash() {
	victim := w.hosts[w.random.IntN(len(w.hosts))]
	for range w.random.IntN(4) {
		w.writeOn(victim)
		if len(victim.outbox) > 0 {
			w.deliver(victim, []*host{victim})
		}
	}
	victim.content.rows = tree.Load(victim.content.disk.Rows())
	victim.content.lineage = victim.content.onDisk
	victim.start()
	rest := slices.DeleteFunc(slices.Clone(w.hosts), func(h *host) bool { return h == victim })
	w.parts = nil
	w.regroup(rest)
}

func (w *world) busy(steps int) {
	for range steps {
		if w.random.IntN(3) == 0 {
			w.write()
		}
		w.step()
	}
}

// few lets the majority write less than what a host that was cut off may have seen alone.
func (w *world) few() {
	w.settle()
	for range 1 + w.random.IntN(3) {
		w.write()
	}
	w.settle()
}
