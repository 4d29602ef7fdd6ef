package cluster

import (
	"errors"

	"github.com/fxamacker/cbor/v2"

	"tailmox.lab/pve/pmxcfs/database"
	"tailmox.lab/pve/pmxcfs/tree"
)

// The first byte of a message. Kinds from kindStatus on are for the members' status, not for the files.
const (
	kindMutation byte = iota + 1
	kindUnlockRequest
	kindSyncStart
	kindState
	kindChunk
	kindSynced
	kindStatus byte = 0x20
)

// mutation asks every member to make one change, at the place in the order where it is delivered.
type mutation struct {
	ID uint64 `cbor:"1,keyasint"`
	// Round is the sender's last completed sync round when it sent this.
	Round uint64  `cbor:"2,keyasint"`
	Op    tree.Op `cbor:"3,keyasint"`
}

// unlockRequest asks for a cluster lock whose holder may be gone.
type unlockRequest struct {
	Path string `cbor:"1,keyasint"`
}

// syncStart opens a sync round; the member with the lowest node id sends it after each change of membership.
type syncStart struct {
	Round   uint64   `cbor:"1,keyasint"`
	Members []Member `cbor:"2,keyasint"`
}

// state answers a syncStart.
type state struct {
	Round   uint64           `cbor:"1,keyasint"`
	Summary database.Summary `cbor:"2,keyasint"`
}

// chunk carries a part of the leader's content to those that lack it.
type chunk struct {
	Round uint64 `cbor:"1,keyasint"`
	Data  []byte `cbor:"2,keyasint"`
}

// synced ends a round: from here on all members have the same content.
type synced struct {
	Round uint64 `cbor:"1,keyasint"`
	// Quorate is the leader's view, so that all members judge changes of earlier rounds alike.
	Quorate bool   `cbor:"2,keyasint"`
	Lineage uint32 `cbor:"3,keyasint"`
	// Bytes of all chunks together.
	Bytes int `cbor:"4,keyasint"`
}

// chunkBytes keeps each message within one frame of totem.
const chunkBytes = 60_000

func encode(kind byte, body any) []byte {
	encoded, err := cbor.Marshal(body)
	if err != nil {
		panic(err) // Plain structs of plain fields: a mistake in this file.
	}
	return append([]byte{kind}, encoded...)
}

func decode[T any](payload []byte) (T, error) {
	var body T
	if len(payload) == 0 {
		return body, errors.New("empty message")
	}
	err := cbor.Unmarshal(payload[1:], &body)
	return body, err
}
