package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"time"

	"tailscale.com/tailcfg"
	"tailscale.com/util/zstdframe"
)

// copyMaps passes the test server's map responses on, each with what the front knows better.
func (t *tailnet) copyMaps(w http.ResponseWriter, response *http.Response, req *tailcfg.MapRequest) {
	self := t.memberOf(req.NodeKey)
	if self == nil || response.StatusCode != http.StatusOK {
		http.Error(w, "node not found", http.StatusBadRequest)
		return
	}
	if req.Stream {
		t.streamChanged(self, 1)
		defer t.streamChanged(self, -1)
	}
	w.WriteHeader(http.StatusOK)
	for {
		message, err := readMessage(response.Body)
		if err != nil {
			return
		}
		if message, err = t.improve(message, self, req.Compress != ""); err != nil {
			log.Printf("map response: %v", err)
			return
		}
		if err := writeMessage(w, message); err != nil {
			return
		}
	}
}

func (t *tailnet) improve(message []byte, self *member, compressed bool) ([]byte, error) {
	plain := message
	if compressed {
		var err error
		if plain, err = zstdframe.AppendDecode(nil, message); err != nil {
			return nil, err
		}
	}
	var response tailcfg.MapResponse
	if err := json.Unmarshal(plain, &response); err != nil {
		return nil, err
	}
	if response.Node == nil {
		return message, nil
	}
	t.improveResponse(&response, self)
	better, err := json.Marshal(&response)
	if err != nil || !compressed {
		return better, err
	}
	return zstdframe.AppendEncode(nil, better, zstdframe.FastestCompression), nil
}

func (t *tailnet) improveResponse(response *tailcfg.MapResponse, self *member) {
	now := time.Now().UTC()
	response.ControlTime = &now
	response.Domain = t.domain
	t.improveNode(response.Node, self)
	response.Node.MachineAuthorized = self.approved
	peers := response.Peers[:0]
	for _, peer := range response.Peers {
		m := t.memberByID(peer.ID)
		if m == nil || m.deleted || !m.approved {
			// An empty list of peers would mean "as before" to the client.
			response.PeersRemoved = append(response.PeersRemoved, peer.ID)
			continue
		}
		t.improveNode(peer, m)
		online, lastSeen := t.presence(m)
		peer.Online = &online
		if !online && !lastSeen.IsZero() {
			peer.LastSeen = &lastSeen
		}
		peers = append(peers, peer)
	}
	response.Peers = peers
	response.UserProfiles = []tailcfg.UserProfile{ownerProfile, taggedProfile}
	if response.DNSConfig != nil {
		response.DNSConfig.CertDomains = nil
		if t.httpsOn() {
			response.DNSConfig.CertDomains = []string{response.Node.Name[:len(response.Node.Name)-1]}
		}
	}
}

var (
	ownerProfile  = tailcfg.UserProfile{ID: owner, LoginName: "owner@lab.example", DisplayName: "Lab Owner"}
	taggedProfile = tailcfg.UserProfile{ID: taggedDevices, LoginName: "tagged-devices", DisplayName: "Tagged Devices"}
)

func (t *tailnet) userOf(m *member) tailcfg.UserProfile {
	if len(m.tags) > 0 {
		return taggedProfile
	}
	return ownerProfile
}

func (t *tailnet) improveNode(node *tailcfg.Node, m *member) {
	node.Name = fmt.Sprintf("%s.%s.", t.nameOf(m, node.Hostinfo.Hostname()), t.domain)
	node.User = owner
	if len(node.Tags) > 0 {
		node.User = taggedDevices
	}
	// Capabilities travel in CapMap alone, as the hosted service sends them to today's clients.
	node.Capabilities = nil
}

func (t *tailnet) streamChanged(m *member, by int) {
	t.mu.Lock()
	m.streams += by
	m.lastSeen = time.Now().UTC().Truncate(time.Second)
	gone := m.streams == 0 && m.ephemeral
	t.mu.Unlock()
	if gone {
		// The hosted service waits some time before it deletes an ephemeral node.
		time.AfterFunc(time.Minute, func() {
			if online, _ := t.presence(m); !online {
				t.remove(m)
			}
		})
	}
	t.refresh()
}

func (t *tailnet) presence(m *member) (online bool, lastSeen time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return m.streams > 0, m.lastSeen
}

func (t *tailnet) memberByID(id tailcfg.NodeID) *member {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.nodes[id]
}

func (t *tailnet) httpsOn() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.httpsEnabled
}

func readMessage(r io.Reader) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	message := make([]byte, binary.LittleEndian.Uint32(size[:]))
	_, err := io.ReadFull(r, message)
	return message, err
}

func writeMessage(w http.ResponseWriter, message []byte) error {
	framed := binary.LittleEndian.AppendUint32(nil, uint32(len(message)))
	if _, err := w.Write(append(framed, message...)); err != nil {
		return err
	}
	return http.NewResponseController(w).Flush()
}
