package main

import (
	"fmt"
	"strings"
	"time"

	"tailscale.com/util/rands"
)

// authKey is a pre-authentication key with the hosted service's attributes (contract 4.5).
type authKey struct {
	ID            string    `json:"id"`
	Key           string    `json:"key,omitempty"`
	Reusable      bool      `json:"reusable"`
	Ephemeral     bool      `json:"ephemeral"`
	Preauthorized bool      `json:"preauthorized"`
	Tags          []string  `json:"tags"`
	Expires       time.Time `json:"expires"`
	Used          bool      `json:"used"`
}

func (t *tailnet) newKey(wanted authKey) (authKey, error) {
	defer t.save()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.unknownTags(wanted.Tags) {
		return authKey{}, fmt.Errorf("%s", tagsNotPermitted(wanted.Tags))
	}
	wanted.ID = "k" + rands.HexString(10) + "CNTRL"
	wanted.Key = fmt.Sprintf("tskey-auth-%s-%s", wanted.ID, rands.HexString(32))
	t.keys[wanted.ID] = &wanted
	return wanted, nil
}

// useKey gives what the key grants, or the hosted service's words of refusal.
func (t *tailnet) useKey(secret string) (authKey, string) {
	defer t.save()
	t.mu.Lock()
	defer t.mu.Unlock()
	id, _, _ := strings.Cut(strings.TrimPrefix(secret, "tskey-auth-"), "-")
	found := t.keys[id]
	switch {
	case found == nil || found.Key != secret:
		return authKey{}, "invalid key: API key does not exist"
	case found.Expires.Before(time.Now()), found.Used && !found.Reusable:
		return authKey{}, fmt.Sprintf("invalid key: API key %s not valid", id)
	}
	found.Used = true
	return *found, ""
}
