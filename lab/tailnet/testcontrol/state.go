package main

import (
	"context"
	"encoding/json"
	"log"
	"os"
	"slices"
	"time"

	"tailscale.com/tailcfg"
	"tailscale.com/types/key"
)

// savedTailnet is what outlives the program, so that a control server that was away, or a lab that went
// back to a snapshot, knows its nodes again. Pending login links are not part of it: clients ask anew.
type savedTailnet struct {
	NoiseKey     key.MachinePrivate
	DERPKey      key.NodePrivate
	HTTPSEnabled bool
	ApprovalOn   bool
	Keys         []*authKey
	// In the order of their ids, without a gap: the test server counts.
	Members []savedMember
}

type savedMember struct {
	Machine      key.MachinePublic
	Inside       key.MachinePrivate
	NodeKey      key.NodePublic
	KeyExpiry    time.Time
	Hostinfo     *tailcfg.Hostinfo
	Tags         []string
	Label, Asked string
	Ephemeral    bool
	Approved     bool
	Deleted      bool
	LastSeen     time.Time
	Capabilities tailcfg.NodeCapMap
}

// save writes the state file whole, or leaves the old one. Callers do not hold the lock.
func (t *tailnet) save() {
	t.saving.Lock()
	defer t.saving.Unlock()
	text, err := json.Marshal(t.snapshot())
	if err == nil {
		err = os.WriteFile(t.stateFile+".new", text, 0o600)
	}
	if err == nil {
		err = os.Rename(t.stateFile+".new", t.stateFile)
	}
	if err != nil {
		log.Fatalf("%s: %v", t.stateFile, err)
	}
}

func (t *tailnet) snapshot() savedTailnet {
	members := t.members()
	t.mu.Lock()
	defer t.mu.Unlock()
	saved := savedTailnet{
		NoiseKey: t.noiseKey, DERPKey: t.derpKey,
		HTTPSEnabled: t.httpsEnabled, ApprovalOn: t.approvalOn,
	}
	for _, authKey := range t.keys {
		saved.Keys = append(saved.Keys, authKey)
	}
	for _, m := range members {
		one := savedMember{
			Machine: m.machine, Inside: t.inside[m.machine], NodeKey: m.nodeKey,
			Tags: m.tags, Label: m.label, Asked: m.asked, Ephemeral: m.ephemeral,
			Approved: m.approved, Deleted: m.deleted, LastSeen: m.lastSeen, Capabilities: m.capabilities,
		}
		if node := t.inner.Node(m.nodeKey); node != nil {
			one.Tags, one.KeyExpiry, one.Hostinfo = node.Tags, node.KeyExpiry, node.Hostinfo.AsStruct()
		}
		saved.Members = append(saved.Members, one)
	}
	return saved
}

// load teaches a new test server what the state file remembers; without a file it begins one.
func (t *tailnet) load(ctx context.Context, f *front) error {
	text, err := os.ReadFile(t.stateFile)
	if os.IsNotExist(err) {
		t.save()
		return nil
	}
	var saved savedTailnet
	if err == nil {
		err = json.Unmarshal(text, &saved)
	}
	if err != nil {
		return err
	}
	t.noiseKey, t.derpKey = saved.NoiseKey, saved.DERPKey
	t.httpsEnabled, t.approvalOn = saved.HTTPSEnabled, saved.ApprovalOn
	for _, authKey := range saved.Keys {
		t.keys[authKey.ID] = authKey
	}
	for _, one := range saved.Members {
		if err := t.loadMember(ctx, f, one); err != nil {
			return err
		}
	}
	return nil
}

func (t *tailnet) loadMember(ctx context.Context, f *front, one savedMember) error {
	t.inside[one.Machine] = one.Inside
	req := &tailcfg.RegisterRequest{
		Version: tailcfg.CurrentCapabilityVersion, NodeKey: one.NodeKey, Hostinfo: one.Hostinfo,
	}
	node, err := t.letIn(req, func(req *tailcfg.RegisterRequest) (*tailcfg.RegisterResponse, error) {
		return f.forwardRegister(ctx, one.Machine, req)
	})
	if err != nil {
		return err
	}
	m := &member{
		id: node.ID, nodeKey: one.NodeKey, machine: one.Machine, label: one.Label, asked: one.Asked,
		tags: slices.Clone(one.Tags), ephemeral: one.Ephemeral, approved: one.Approved, deleted: one.Deleted,
		lastSeen: one.LastSeen, capabilities: one.Capabilities,
	}
	t.nodes[m.id], t.byKey[m.nodeKey] = m, m
	if !m.deleted {
		t.byMachine[m.machine] = m
	}
	node.Tags, node.KeyExpiry = one.Tags, one.KeyExpiry
	t.inner.UpdateNode(node)
	t.inner.SetNodeCapMap(m.nodeKey, t.capabilitiesOf(m))
	return nil
}
