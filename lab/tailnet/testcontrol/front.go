package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"

	"golang.org/x/net/http2"
	"tailscale.com/control/controlhttp/controlhttpserver"
	"tailscale.com/control/ts2021"
	"tailscale.com/net/memnet"
	"tailscale.com/net/tsdial"
	"tailscale.com/tailcfg"
	"tailscale.com/types/key"
)

const requestLimit = 1 << 20

// front ends the clients' encrypted connections, decides what the test server cannot, and passes the
// rest on to it over a connection of its own per machine. The test server hides its registrations
// inside the encryption, so that an ordinary HTTP wrapper would never see them.
type front struct {
	tailnet *tailnet
	inside  *memnet.Listener

	mu       sync.Mutex
	machines map[key.MachinePublic]*ts2021.Client
}

func newFront(tailnet *tailnet) *front {
	f := &front{
		tailnet:  tailnet,
		inside:   memnet.Listen("127.0.0.1:80"),
		machines: map[key.MachinePublic]*ts2021.Client{},
	}
	go func() { log.Fatal(http.Serve(f.inside, tailnet.inner)) }()
	return f
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/key":
		writeJSON(w, &tailcfg.OverTLSPublicKeyResponse{
			LegacyPublicKey: f.tailnet.noiseKey.Public(), PublicKey: f.tailnet.noiseKey.Public(),
		})
	case r.URL.Path == "/ts2021":
		f.acceptMachine(w, r)
	case len(r.URL.Path) > 3 && r.URL.Path[:3] == "/a/":
		f.tailnet.serveLoginPage(w, r)
	case r.URL.Path == "/f/serve":
		f.tailnet.serveConsentPage(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (f *front) acceptMachine(w http.ResponseWriter, r *http.Request) {
	conn, err := controlhttpserver.AcceptHTTP(r.Context(), w, r, f.tailnet.noiseKey, nil)
	if err != nil {
		log.Printf("handshake: %v", err)
		return
	}
	defer conn.Close()
	machine := conn.Peer()
	var server http2.Server
	server.ServeConn(conn, &http2.ServeConnOpts{
		Context: r.Context(),
		BaseConfig: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			f.serveMachine(w, r, machine)
		})},
	})
}

func (f *front) serveMachine(w http.ResponseWriter, r *http.Request, machine key.MachinePublic) {
	body, err := io.ReadAll(io.LimitReader(r.Body, requestLimit))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	switch r.URL.Path {
	case "/machine/register":
		var req tailcfg.RegisterRequest
		if err := json.Unmarshal(body, &req); err != nil || req.NodeKey.IsZero() || req.Hostinfo == nil {
			http.Error(w, "bad register request", http.StatusBadRequest)
			return
		}
		response, err := f.tailnet.register(r.Context(), machine, &req, func(req *tailcfg.RegisterRequest) (*tailcfg.RegisterResponse, error) {
			return f.forwardRegister(r.Context(), machine, req)
		})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		writeJSON(w, response)
	case "/machine/map":
		var req tailcfg.MapRequest
		if err := json.Unmarshal(body, &req); err != nil {
			http.Error(w, "bad map request", http.StatusBadRequest)
			return
		}
		response, err := f.forward(r.Context(), machine, r.URL.Path, body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer response.Body.Close()
		f.tailnet.copyMaps(w, response, &req)
	case "/machine/set-dns":
		// Pebble takes every challenge for fulfilled, so that nothing needs the record.
		writeJSON(w, &tailcfg.SetDNSResponse{})
	case "/machine/feature/query":
		var req tailcfg.QueryFeatureRequest
		if err := json.Unmarshal(body, &req); err != nil {
			http.Error(w, "bad feature request", http.StatusBadRequest)
			return
		}
		writeJSON(w, f.tailnet.queryFeature(&req))
	case "/machine/update-health", "/machine/audit-log":
		w.WriteHeader(http.StatusNoContent)
	default:
		// The test server would end the whole program.
		http.NotFound(w, r)
	}
}

func (f *front) forwardRegister(ctx context.Context, machine key.MachinePublic, req *tailcfg.RegisterRequest) (*tailcfg.RegisterResponse, error) {
	body, err := json.Marshal(req)
	if err != nil {
		return nil, err
	}
	response, err := f.forward(ctx, machine, "/machine/register", body)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the test server answered a registration with %s", response.Status)
	}
	answer := new(tailcfg.RegisterResponse)
	return answer, json.NewDecoder(response.Body).Decode(answer)
}

func (f *front) forward(ctx context.Context, machine key.MachinePublic, path string, body []byte) (*http.Response, error) {
	client, err := f.clientFor(machine)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, "POST", "https://127.0.0.1"+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return client.Do(req)
}

// clientFor gives the connection to the test server that speaks for a machine.
func (f *front) clientFor(machine key.MachinePublic) (*ts2021.Client, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if client := f.machines[machine]; client != nil {
		return client, nil
	}
	innerKey, err := f.innerKey()
	if err != nil {
		return nil, err
	}
	client, err := ts2021.NewClient(ts2021.ClientOpts{
		ServerURL:    "http://127.0.0.1:80",
		PrivKey:      f.tailnet.insideKey(machine),
		ServerPubKey: innerKey,
		Logf:         func(string, ...any) {},
		Dialer: tsdial.NewFromFuncForDebug(log.Printf, func(ctx context.Context, network, addr string) (net.Conn, error) {
			return f.inside.Dial(ctx, network, "127.0.0.1:80")
		}),
	})
	if err == nil {
		f.machines[machine] = client
	}
	return client, err
}

func (f *front) innerKey() (key.MachinePublic, error) {
	transport := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		return f.inside.Dial(ctx, network, "127.0.0.1:80")
	}}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Get("http://127.0.0.1/key?v=1")
	if err != nil {
		return key.MachinePublic{}, err
	}
	defer response.Body.Close()
	var keys tailcfg.OverTLSPublicKeyResponse
	err = json.NewDecoder(response.Body).Decode(&keys)
	return keys.PublicKey, err
}

func writeJSON(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(value); err != nil {
		log.Printf("answer: %v", err)
	}
}
