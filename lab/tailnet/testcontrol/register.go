package main

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"tailscale.com/tailcfg"
	"tailscale.com/types/key"
)

// A user's key ends after 180 days; a tagged node's never (contract 2).
const userKeyLife = 180 * 24 * time.Hour

type forwardRegister = func(*tailcfg.RegisterRequest) (*tailcfg.RegisterResponse, error)

// register decides on one registration: a log out, a known node, an auth key, or a login link.
func (t *tailnet) register(ctx context.Context, machine key.MachinePublic, req *tailcfg.RegisterRequest, forward forwardRegister) (*tailcfg.RegisterResponse, error) {
	known := t.memberOf(req.NodeKey)
	if !req.Expiry.IsZero() && req.Expiry.Before(time.Now()) {
		if known != nil {
			t.expire(known)
		}
		return &tailcfg.RegisterResponse{NodeKeyExpired: true, MachineAuthorized: true}, nil
	}
	if known != nil && known.machine == machine && !t.expired(req.NodeKey) {
		return t.answer(known, forward, req)
	}
	if known != nil && req.Followup == "" && t.expired(req.NodeKey) {
		return &tailcfg.RegisterResponse{NodeKeyExpired: true, MachineAuthorized: true}, nil
	}
	asked := req.Hostinfo.RequestTags
	switch {
	case req.Followup != "":
		done := t.waitForLogin(ctx, req.Followup)
		if !done {
			return nil, fmt.Errorf("the login link was not used")
		}
		return t.admit(machine, req, forward, admission{tags: asked, ephemeral: req.Ephemeral})
	case req.Auth != nil && req.Auth.AuthKey != "":
		grant, refusal := t.useKey(req.Auth.AuthKey)
		if refusal != "" {
			return refuse(refusal), nil
		}
		tags := grant.Tags
		if notIn(asked, tags) && (len(tags) > 0 || t.unknownTags(asked)) {
			return refuse(tagsNotPermitted(asked)), nil
		}
		if len(tags) == 0 {
			tags = asked
		}
		return t.admit(machine, req, forward, admission{tags, grant.Ephemeral || req.Ephemeral, grant.Preauthorized})
	case t.unknownTags(asked):
		return refuse(tagsNotPermitted(asked)), nil
	default:
		return &tailcfg.RegisterResponse{AuthURL: t.newLogin(req)}, nil
	}
}

type admission struct {
	tags          []string
	ephemeral     bool
	preauthorized bool
}

// admit makes the test server take the node, through its own login link so that it retires the old key.
func (t *tailnet) admit(machine key.MachinePublic, req *tailcfg.RegisterRequest, forward forwardRegister, a admission) (*tailcfg.RegisterResponse, error) {
	before := t.byMachineKey(machine)
	inner := *req
	inner.Auth, inner.Followup, inner.Expiry, inner.OldNodeKey = nil, "", time.Time{}, key.NodePublic{}
	if before != nil {
		// The same machine keeps its address, also after a log out.
		inner.OldNodeKey = before.nodeKey
	}
	node, err := t.letIn(&inner, forward)
	if err != nil {
		return nil, err
	}
	m := t.remember(before, node.ID, machine, req.NodeKey, a)
	node.Tags = a.tags
	node.KeyExpiry = time.Time{}
	if len(a.tags) == 0 {
		node.KeyExpiry = time.Now().Add(userKeyLife).UTC().Truncate(time.Second)
	}
	t.inner.UpdateNode(node)
	t.inner.SetNodeCapMap(req.NodeKey, t.capabilitiesOf(m))
	t.save()
	inner.Followup, inner.OldNodeKey = "", key.NodePublic{}
	return t.answer(m, forward, &inner)
}

// letIn registers with the test server and uses its login link at once.
func (t *tailnet) letIn(req *tailcfg.RegisterRequest, forward forwardRegister) (*tailcfg.Node, error) {
	first, err := forward(req)
	if err != nil {
		return nil, err
	}
	if first.AuthURL == "" || !t.inner.CompleteAuth(first.AuthURL) {
		return nil, fmt.Errorf("the test server gave no login link")
	}
	req.Followup = first.AuthURL
	if _, err = forward(req); err != nil {
		return nil, err
	}
	node := t.inner.Node(req.NodeKey)
	if node == nil {
		return nil, fmt.Errorf("the test server did not take the node")
	}
	return node, nil
}

func (t *tailnet) answer(m *member, forward forwardRegister, req *tailcfg.RegisterRequest) (*tailcfg.RegisterResponse, error) {
	inner := *req
	inner.Auth = nil
	response, err := forward(&inner)
	if err != nil {
		return nil, err
	}
	user := t.userOf(m)
	response.User = tailcfg.User{ID: user.ID, DisplayName: user.DisplayName}
	response.Login = tailcfg.Login{ID: tailcfg.LoginID(user.ID), LoginName: user.LoginName, DisplayName: user.DisplayName}
	response.MachineAuthorized = m.approved
	return response, nil
}

func (t *tailnet) remember(before *member, id tailcfg.NodeID, machine key.MachinePublic, nodeKey key.NodePublic, a admission) *member {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := before
	if m == nil {
		m = &member{id: id, machine: machine, approved: !t.approvalOn || a.preauthorized}
		t.nodes[id] = m
		t.byMachine[machine] = m
	}
	delete(t.byKey, m.nodeKey)
	m.nodeKey, m.tags, m.ephemeral = nodeKey, a.tags, a.ephemeral
	t.byKey[nodeKey] = m
	return m
}

func (t *tailnet) expire(m *member) {
	if node := t.inner.Node(m.nodeKey); node != nil {
		node.KeyExpiry = time.Now().Add(-time.Minute).UTC().Truncate(time.Second)
		t.inner.UpdateNode(node)
	}
	t.save()
}

// remove deletes a device: its next login gets a new address.
func (t *tailnet) remove(m *member) {
	t.expire(m)
	t.mu.Lock()
	m.deleted = true
	delete(t.byMachine, m.machine)
	t.mu.Unlock()
	t.save()
	t.refresh()
}

func (t *tailnet) expired(nodeKey key.NodePublic) bool {
	node := t.inner.Node(nodeKey)
	return node == nil || (!node.KeyExpiry.IsZero() && node.KeyExpiry.Before(time.Now()))
}

func (t *tailnet) memberOf(nodeKey key.NodePublic) *member {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.byKey[nodeKey]
}

func (t *tailnet) byMachineKey(machine key.MachinePublic) *member {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.byMachine[machine]
}

func refuse(words string) *tailcfg.RegisterResponse {
	return &tailcfg.RegisterResponse{Error: words}
}

// The hosted service's own words (contract 1.4.3).
func tagsNotPermitted(tags []string) string {
	return fmt.Sprintf("requested tags [%s] are invalid or not permitted", strings.Join(tags, " "))
}

func notIn(some, all []string) bool {
	return slices.ContainsFunc(some, func(one string) bool { return !slices.Contains(all, one) })
}

func pathOf(address string) string {
	parsed, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return parsed.Path
}
