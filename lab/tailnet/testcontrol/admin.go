package main

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"time"

	"tailscale.com/tailcfg"
)

// serveAdmin answers the lab's tests on a unix socket: what a person would do in the admin console.
func (t *tailnet) serveAdmin(path string) error {
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, r *http.Request) { writeJSON(w, map[string]bool{"ok": true}) })
	mux.HandleFunc("POST /keys", t.adminNewKey)
	mux.HandleFunc("GET /nodes", func(w http.ResponseWriter, r *http.Request) { writeJSON(w, t.describe()) })
	mux.HandleFunc("POST /nodes/{node}/{action}", t.adminNode)
	mux.HandleFunc("GET /logins", func(w http.ResponseWriter, r *http.Request) { writeJSON(w, t.pendingLogins()) })
	mux.HandleFunc("POST /logins/complete", t.adminCompleteLogin)
	mux.HandleFunc("POST /settings", t.adminSettings)
	return http.Serve(listener, mux)
}

func (t *tailnet) adminNewKey(w http.ResponseWriter, r *http.Request) {
	var wanted struct {
		authKey
		ExpirySeconds int `json:"expirySeconds"`
	}
	if !readJSON(w, r, &wanted) {
		return
	}
	wanted.Expires = time.Now().Add(time.Duration(wanted.ExpirySeconds) * time.Second)
	made, err := t.newKey(wanted.authKey)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	writeJSON(w, made)
}

func (t *tailnet) adminNode(w http.ResponseWriter, r *http.Request) {
	m := t.find(r.PathValue("node"))
	if m == nil {
		http.NotFound(w, r)
		return
	}
	switch r.PathValue("action") {
	case "expire":
		t.expire(m)
	case "delete":
		t.remove(m)
	case "approve":
		t.mu.Lock()
		m.approved = true
		t.mu.Unlock()
		t.save()
		t.refresh()
	case "capabilities":
		capabilities := tailcfg.NodeCapMap{}
		if !readJSON(w, r, &capabilities) {
			return
		}
		t.mu.Lock()
		m.capabilities = capabilities
		t.mu.Unlock()
		t.save()
		t.inner.SetNodeCapMap(m.nodeKey, t.capabilitiesOf(m))
	default:
		http.NotFound(w, r)
		return
	}
	writeJSON(w, map[string]bool{"ok": true})
}

func (t *tailnet) adminCompleteLogin(w http.ResponseWriter, r *http.Request) {
	var wanted struct{ URL string }
	if !readJSON(w, r, &wanted) {
		return
	}
	if !t.completeLogin(pathOf(wanted.URL)) {
		http.Error(w, "no such login link", http.StatusNotFound)
		return
	}
	writeJSON(w, map[string]bool{"ok": true})
}

func (t *tailnet) adminSettings(w http.ResponseWriter, r *http.Request) {
	var wanted struct {
		HTTPSEnabled *bool `json:"httpsEnabled"`
		ApprovalOn   *bool `json:"devicesApprovalOn"`
	}
	if !readJSON(w, r, &wanted) {
		return
	}
	if wanted.ApprovalOn != nil {
		t.mu.Lock()
		t.approvalOn = *wanted.ApprovalOn
		t.mu.Unlock()
		t.save()
	}
	if wanted.HTTPSEnabled != nil {
		t.setHTTPS(*wanted.HTTPSEnabled)
	}
	writeJSON(w, map[string]bool{"ok": true})
}

type description struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Hostname  string   `json:"hostname"`
	Addresses []string `json:"addresses"`
	Tags      []string `json:"tags"`
	Online    bool     `json:"online"`
	Approved  bool     `json:"approved"`
	Expired   bool     `json:"expired"`
}

func (t *tailnet) describe() []description {
	all := []description{}
	for _, m := range t.members() {
		node := t.inner.Node(m.nodeKey)
		if m.deleted || node == nil {
			continue
		}
		online, _ := t.presence(m)
		one := description{
			ID: stableID(m.id), Name: t.nameOf(m, node.Hostinfo.Hostname()) + "." + t.domain,
			Hostname: node.Hostinfo.Hostname(), Tags: node.Tags, Online: online,
			Approved: m.approved, Expired: t.expired(m.nodeKey),
		}
		for _, prefix := range node.Addresses {
			one.Addresses = append(one.Addresses, prefix.Addr().String())
		}
		all = append(all, one)
	}
	return all
}

func readJSON(w http.ResponseWriter, r *http.Request, into any) bool {
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}
