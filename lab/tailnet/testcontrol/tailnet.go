package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"tailscale.com/tailcfg"
	"tailscale.com/tstest/integration/testcontrol"
	"tailscale.com/types/key"
	"tailscale.com/util/dnsname"
)

// The user that tagged nodes show, as the hosted service does (contract 1.8).
const taggedDevices tailcfg.UserID = 2155196780

// The one person of this tailnet; testcontrol gives all nodes user 123 with AllNodesSameUser.
const owner tailcfg.UserID = 123

// tailnet is what the front knows beyond the test server.
type tailnet struct {
	inner   *testcontrol.Server
	baseURL string
	domain  string
	// stateFile holds what is to outlive the program.
	stateFile string
	noiseKey  key.MachinePrivate
	derpKey   key.NodePrivate

	saving       sync.Mutex
	mu           sync.Mutex
	tags         []string
	httpsEnabled bool
	approvalOn   bool
	keys         map[string]*authKey
	logins       map[string]*login
	nodes        map[tailcfg.NodeID]*member
	byKey        map[key.NodePublic]*member
	byMachine    map[key.MachinePublic]*member
	// inside are the keys by which the test server knows the machines.
	inside map[key.MachinePublic]key.MachinePrivate
}

// member is one device of the tailnet.
type member struct {
	id           tailcfg.NodeID
	nodeKey      key.NodePublic
	machine      key.MachinePublic
	label        string
	asked        string
	tags         []string
	ephemeral    bool
	approved     bool
	deleted      bool
	streams      int
	lastSeen     time.Time
	capabilities tailcfg.NodeCapMap
}

func newTailnet(baseURL, domain, stateFile string, tags []string) *tailnet {
	owners := map[string][]string{}
	for _, tag := range tags {
		owners[tag] = nil
	}
	return &tailnet{
		inner:        newInner(baseURL, domain, owners),
		baseURL:      baseURL,
		domain:       domain,
		stateFile:    stateFile,
		noiseKey:     key.NewMachine(),
		derpKey:      key.NewNode(),
		inside:       map[key.MachinePublic]key.MachinePrivate{},
		tags:         tags,
		httpsEnabled: true,
		keys:         map[string]*authKey{},
		logins:       map[string]*login{},
		nodes:        map[tailcfg.NodeID]*member{},
		byKey:        map[key.NodePublic]*member{},
		byMachine:    map[key.MachinePublic]*member{},
	}
}

// insideKey gives each machine an inner identity: its own private key never leaves it.
func (t *tailnet) insideKey(machine key.MachinePublic) key.MachinePrivate {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.inside[machine].IsZero() {
		t.inside[machine] = key.NewMachine()
	}
	return t.inside[machine]
}

// find looks a device up by its id, its name in the tailnet, or its stable id.
func (t *tailnet) find(name string) *member {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, m := range t.nodes {
		if !m.deleted && (fmt.Sprint(int64(m.id)) == name || m.label == name || stableID(m.id) == name) {
			return m
		}
	}
	return nil
}

// refresh makes the test server send a new map to everybody.
func (t *tailnet) refresh() {
	for _, m := range t.members() {
		t.inner.SetNodeCapMap(m.nodeKey, t.capabilitiesOf(m))
		return
	}
}

func (t *tailnet) members() []*member {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.SortedFunc(maps.Values(t.nodes), func(a, b *member) int { return int(a.id - b.id) })
}

func (t *tailnet) capabilitiesOf(m *member) tailcfg.NodeCapMap {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := tailcfg.NodeCapMap{}
	if t.httpsEnabled {
		all[tailcfg.CapabilityHTTPS] = nil
	}
	maps.Copy(all, m.capabilities)
	return all
}

// nameOf gives the device's label: its host name, made unique with -1, -2 as the hosted service does.
func (t *tailnet) nameOf(m *member, hostname string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	asked := dnsname.SanitizeHostname(strings.ToLower(hostname))
	if m.label != "" && m.asked == asked {
		return m.label
	}
	taken := func(label string) bool {
		for _, other := range t.nodes {
			if other != m && !other.deleted && other.label == label {
				return true
			}
		}
		return false
	}
	label := asked
	for n := 1; taken(label); n++ {
		label = fmt.Sprintf("%s-%d", asked, n)
	}
	m.asked, m.label = asked, label
	return label
}

func (t *tailnet) unknownTags(wanted []string) bool {
	return slices.ContainsFunc(wanted, func(tag string) bool { return !slices.Contains(t.tags, tag) })
}

func stableID(id tailcfg.NodeID) string { return fmt.Sprintf("TESTCTRL%08x", int(id)) }
