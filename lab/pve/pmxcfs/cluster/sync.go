package cluster

import (
	"fmt"
	"math"
	"slices"

	"tailmox.lab/pve/pmxcfs/database"
)

// round is one exchange of states.
type round struct {
	id     uint64
	states map[Member]database.Summary
	leader Member
	// chosen is set when all states are there.
	chosen bool
	data   []byte
	// progress counts messages, so that a round that stands still is seen.
	progress int
}

// Restart opens a new round, if one is under way and has not moved since the last call with its result.
func (m *Machine) Restart(lastProgress int) (progress int) {
	if m.mode == syncing && m.sync.progress == lastProgress {
		m.startRound()
	}
	return m.sync.progress
}

// startRound is the work of the member with the lowest node id.
func (m *Machine) startRound() {
	if m.members[0] == m.self {
		m.outside.Send(encode(kindSyncStart, syncStart{Round: m.random(), Members: m.members}))
	}
}

func (m *Machine) onSyncStart(from Member, message syncStart) error {
	if from != m.members[0] || !slices.Equal(message.Members, m.members) {
		return nil // Sent for an earlier membership; another one follows.
	}
	if len(m.members) > 1 {
		m.outside.Notice("starting data syncronisation")
	}
	m.mode = syncing
	m.sync = round{id: message.Round, states: map[Member]database.Summary{}, progress: m.sync.progress + 1}
	m.outside.Send(encode(kindState, state{Round: message.Round, Summary: m.content.Summary()}))
	return nil
}

func (m *Machine) onState(from Member, message state) error {
	if m.mode != syncing || message.Round != m.sync.id || m.sync.chosen || !slices.Contains(m.members, from) {
		return nil
	}
	m.sync.progress++
	m.sync.states[from] = message.Summary
	if len(m.sync.states) < len(m.members) {
		return nil
	}
	if len(m.members) > 1 {
		m.outside.Notice("received all states")
	}
	m.sync.leader, m.sync.chosen = chooseLeader(m.members, m.sync.states), true
	if m.sync.leader == m.self {
		return m.lead()
	}
	if m.needsData(m.self) {
		m.outside.Notice("waiting for updates from leader")
	}
	return nil
}

// lead sends the content to those that lack it, and ends the round.
func (m *Machine) lead() error {
	var dump []byte
	if slices.ContainsFunc(m.members, m.needsData) {
		m.outside.Notice("leader is %d/%d, sending the database", m.self.Node, m.self.Process)
		var err error
		if dump, err = m.content.Dump(); err != nil {
			return err
		}
	}
	for part := range slices.Chunk(dump, chunkBytes) {
		m.outside.Send(encode(kindChunk, chunk{Round: m.sync.id, Data: part}))
	}
	end := synced{
		Round:   m.sync.id,
		Quorate: m.outside.Quorate(),
		Lineage: m.sync.states[m.self].Lineage,
		Bytes:   len(dump),
	}
	if end.Quorate {
		end.Lineage = m.nextLineage()
	}
	m.outside.Send(encode(kindSynced, end))
	return nil
}

func (m *Machine) onChunk(from Member, message chunk) error {
	if m.mode == syncing && message.Round == m.sync.id && from == m.sync.leader && m.needsData(m.self) {
		m.sync.progress++
		m.sync.data = append(m.sync.data, message.Data...)
	}
	return nil
}

func (m *Machine) onSynced(from Member, message synced) error {
	if m.mode != syncing || message.Round != m.sync.id || !m.sync.chosen || from != m.sync.leader {
		return nil
	}
	if m.needsData(m.self) {
		if len(m.sync.data) != message.Bytes {
			return fmt.Errorf("leader sent %d bytes, %d arrived", message.Bytes, len(m.sync.data))
		}
		if err := m.content.Install(m.sync.data, message.Lineage); err != nil {
			return err
		}
	}
	m.content.SetLineage(message.Lineage)
	m.mode = uptodate
	m.done, m.doneQuorate = message.Round, message.Quorate
	m.sync.data, m.sync.states = nil, nil
	m.outside.Notice("all data is up to date")
	queue := m.queue
	m.queue = nil
	for _, waiting := range queue {
		m.apply(waiting.from, waiting.message)
	}
	return nil
}

func (m *Machine) needsData(member Member) bool {
	return m.sync.states[member].Digest != m.sync.states[m.sync.leader].Digest
}

// chooseLeader finds the copy that all take over: the highest version, then the newest mtime (proxmox.md 2).
// Copies of an earlier quorate round stand behind those of a later one: a member that was cut off or lost
// power may have seen a message that nobody else did, and its version may so equal or pass that of the
// majority, which went on without it. Copies that were changed on purpose outside of any quorate round
// carry no lineage and compete by version.
func chooseLeader(members []Member, states map[Member]database.Summary) Member {
	newer := func(a, b database.Summary) bool {
		return a.Version > b.Version || a.Version == b.Version && a.Mtime > b.Mtime
	}
	var best, free *Member
	for i := range members {
		candidate := states[members[i]]
		if candidate.Lineage == 0 {
			if free == nil || newer(candidate, states[*free]) {
				free = &members[i]
			}
			continue
		}
		if best == nil || candidate.Lineage > states[*best].Lineage ||
			candidate.Lineage == states[*best].Lineage && newer(candidate, states[*best]) {
			best = &members[i]
		}
	}
	if best == nil || free != nil && newer(states[*free], states[*best]) {
		return *free
	}
	return *best
}

// nextLineage is higher than that of every earlier quorate round. Two of those share a member, that
// member's ring number grew between them: so the ring's number does, even where a round was cut short.
func (m *Machine) nextLineage() uint32 {
	highest := uint64(0)
	for _, summary := range m.sync.states {
		highest = max(highest, uint64(summary.Lineage))
	}
	return uint32(min(max(m.ring, highest+1), math.MaxInt32))
}
