// Command testcontrol is the lab's hosted tailnet: Tailscale's own test control server, with DERP and
// STUN, behind a front that adds what the hosted service has and the test server lacks: auth keys that
// can be wrong or spent, login links that a person completes, tags, device approval, who is online, and
// the consent page for HTTPS. What the test server keeps in memory, the front also keeps in a file.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net/http"
	"net/netip"
	"os/signal"
	"strings"
	"syscall"

	"tailscale.com/derp/derpserver"
	"tailscale.com/net/stunserver"
	"tailscale.com/tailcfg"
	"tailscale.com/tstest/integration/testcontrol"
)

func main() {
	listen := flag.String("listen", "", "IP:PORT for control and DERP, plain HTTP")
	stun := flag.Int("stun-port", 3478, "UDP port for STUN on the same address")
	admin := flag.String("admin", "", "path of the unix socket for tests")
	state := flag.String("state", "", "path of the file that outlives the program")
	domain := flag.String("domain", "lab.ts.net", "MagicDNS domain of the tailnet")
	tags := flag.String("tags", "tag:tailmox", "tags that may be requested, by comma")
	flag.Parse()
	address, err := netip.ParseAddrPort(*listen)
	if err != nil {
		log.Fatalf("-listen: %v", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()

	tailnet := newTailnet("http://"+*listen, *domain, *state, strings.Split(*tags, ","))
	tailnet.inner.DERPMap = derpMap(address, *stun)
	front := newFront(tailnet)
	if err := tailnet.load(ctx, front); err != nil {
		log.Fatalf("%s: %v", *state, err)
	}
	go func() {
		log.Fatalf("STUN: %v", stunserver.New(ctx).ListenAndServe(fmt.Sprintf("%s:%d", address.Addr(), *stun)))
	}()
	go func() { log.Fatalf("admin: %v", tailnet.serveAdmin(*admin)) }()

	mux := http.NewServeMux()
	mux.Handle("/derp", derpserver.Handler(derpserver.New(tailnet.derpKey, log.Printf)))
	mux.HandleFunc("/derp/probe", derpserver.ProbeHandler)
	mux.HandleFunc("/derp/latency-check", derpserver.ProbeHandler)
	mux.HandleFunc("/generate_204", derpserver.ServeNoContent)
	mux.Handle("/", front)
	server := &http.Server{Addr: *listen, Handler: mux}
	go func() {
		<-ctx.Done()
		server.Close()
	}()
	log.Printf("control server and DERP on http://%s", *listen)
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		log.Fatal(err)
	}
}

// One DERP region, on the control server itself. It speaks plain HTTP: clients need TS_DEBUG_USE_DERP_HTTP.
func derpMap(address netip.AddrPort, stunPort int) *tailcfg.DERPMap {
	return &tailcfg.DERPMap{
		OmitDefaultRegions: true,
		Regions: map[int]*tailcfg.DERPRegion{999: {
			RegionID: 999, RegionCode: "lab", RegionName: "Lab",
			Nodes: []*tailcfg.DERPNode{{
				Name: "999a", RegionID: 999,
				HostName: address.Addr().String(), IPv4: address.Addr().String(), IPv6: "none",
				DERPPort: int(address.Port()), STUNPort: stunPort,
			}},
		}},
	}
}

func newInner(baseURL, domain string, tagOwners map[string][]string) *testcontrol.Server {
	return &testcontrol.Server{
		ExplicitBaseURL:  baseURL,
		MagicDNSDomain:   domain,
		DNSConfig:        &tailcfg.DNSConfig{Proxied: true, Domains: []string{domain}},
		TagOwners:        tagOwners,
		RequireAuth:      true,
		AllNodesSameUser: true,
		Logf:             log.Printf,
	}
}
