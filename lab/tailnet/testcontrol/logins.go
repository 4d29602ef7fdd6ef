package main

import (
	"context"
	"fmt"
	"html"
	"net/http"

	"tailscale.com/tailcfg"
	"tailscale.com/util/rands"
)

// login is a login link that waits for its person.
type login struct {
	hostname string
	done     chan struct{}
	used     bool
}

func (t *tailnet) newLogin(req *tailcfg.RegisterRequest) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	path := "/a/" + rands.HexString(16)
	t.logins[path] = &login{hostname: req.Hostinfo.Hostname, done: make(chan struct{})}
	return t.baseURL + path
}

func (t *tailnet) waitForLogin(ctx context.Context, address string) bool {
	t.mu.Lock()
	waiting := t.logins[pathOf(address)]
	t.mu.Unlock()
	if waiting == nil {
		return false
	}
	select {
	case <-waiting.done:
		return true
	case <-ctx.Done():
		return false
	}
}

// completeLogin does what the person at the browser would do.
func (t *tailnet) completeLogin(path string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	waiting := t.logins[path]
	if waiting == nil {
		return false
	}
	if !waiting.used {
		waiting.used = true
		close(waiting.done)
	}
	return true
}

func (t *tailnet) pendingLogins() []map[string]string {
	t.mu.Lock()
	defer t.mu.Unlock()
	pending := []map[string]string{}
	for path, l := range t.logins {
		if !l.used {
			pending = append(pending, map[string]string{"url": t.baseURL + path, "hostname": l.hostname})
		}
	}
	return pending
}

func (t *tailnet) serveLoginPage(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock()
	waiting := t.logins[r.URL.Path]
	t.mu.Unlock()
	if waiting == nil {
		http.NotFound(w, r)
		return
	}
	if r.Method == http.MethodPost {
		t.completeLogin(r.URL.Path)
		fmt.Fprintln(w, "Login successful. You may close this page.")
		return
	}
	page(w, "Connect device "+waiting.hostname, "Connect")
}

// serveConsentPage is where HTTPS is switched on for the tailnet.
func (t *tailnet) serveConsentPage(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		t.setHTTPS(true)
		fmt.Fprintln(w, "HTTPS certificates are on. You may close this page.")
		return
	}
	page(w, "Enable HTTPS certificates for "+t.domain, "Enable")
}

func (t *tailnet) queryFeature(req *tailcfg.QueryFeatureRequest) *tailcfg.QueryFeatureResponse {
	m := t.memberOf(req.NodeKey)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.httpsEnabled || m == nil {
		return &tailcfg.QueryFeatureResponse{Complete: true}
	}
	return &tailcfg.QueryFeatureResponse{
		Text:       "Serve is not enabled on your tailnet.\nTo enable, visit:\n",
		URL:        fmt.Sprintf("%s/f/serve?node=%s", t.baseURL, stableID(m.id)),
		ShouldWait: true,
	}
}

func (t *tailnet) setHTTPS(on bool) {
	t.mu.Lock()
	t.httpsEnabled = on
	t.mu.Unlock()
	t.save()
	for _, m := range t.members() {
		t.inner.SetNodeCapMap(m.nodeKey, t.capabilitiesOf(m))
	}
}

func page(w http.ResponseWriter, title, button string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, "<!doctype html><title>Lab tailnet</title><h1>%s</h1><form method=post><button>%s</button></form>\n",
		html.EscapeString(title), button)
}
