// Package ipc answers the other Proxmox programs of this host: HTTP over a unix socket.
package ipc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"tailmox.lab/pve/pmxcfs/database"
	"tailmox.lab/pve/pmxcfs/status"
)

// Serve opens the socket after delay (proxmox.md 15, item 8: until then the other programs are refused)
// and answers until ctx ends:
//
//	GET  /ping      {"node":"pve1"}
//	PUT  /kv/KEY    publishes the body under KEY as this host's
//	GET  /kv        {"pve1":{"KEY":"VALUE"}} of all members
//	POST /log       {"pri":6,"tag":"pvedaemon","pid":1,"user":"root@pam","msg":"..."} into the cluster's log
//	GET  /state     version and digest of the files, for comparing members
func Serve(ctx context.Context, path string, group int, delay time.Duration, node string, board *status.Board, files *database.Database) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(delay):
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	if err := errors.Join(os.Chmod(path, 0o660), os.Chown(path, 0, group)); err != nil {
		return errors.Join(err, listener.Close())
	}
	server := &http.Server{Handler: routes(node, board, files), ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func routes(node string, board *status.Board, files *database.Database) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ping", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]string{"node": node})
	})
	mux.HandleFunc("GET /kv", func(w http.ResponseWriter, _ *http.Request) { answer(w, board.Values()) })
	mux.HandleFunc("PUT /kv/{key...}", func(w http.ResponseWriter, r *http.Request) {
		value, err := io.ReadAll(io.LimitReader(r.Body, status.MaxValueBytes+1))
		switch {
		case err != nil:
			http.Error(w, err.Error(), http.StatusBadRequest)
		case len(value) > status.MaxValueBytes:
			http.Error(w, fmt.Sprintf("a value has at most %d bytes", status.MaxValueBytes), http.StatusRequestEntityTooLarge)
		case r.PathValue("key") == "" || strings.ContainsAny(r.PathValue("key"), " \n\""):
			http.Error(w, "no such key", http.StatusBadRequest)
		default:
			board.Put(r.PathValue("key"), value)
			w.WriteHeader(http.StatusNoContent)
		}
	})
	mux.HandleFunc("POST /log", func(w http.ResponseWriter, r *http.Request) {
		var entry status.LogEntry
		if err := json.NewDecoder(io.LimitReader(r.Body, status.MaxValueBytes)).Decode(&entry); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		board.Log(entry)
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /state", func(w http.ResponseWriter, _ *http.Request) {
		summary := files.Summary()
		answer(w, map[string]any{
			"version":  summary.Version,
			"mtime":    summary.Mtime,
			"lineage":  summary.Lineage,
			"digest":   summary.Digest,
			"writable": board.Writable(),
		})
	})
	return mux
}

func answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	// The other side may have gone: nothing to do about it.
	_ = json.NewEncoder(w).Encode(body)
}
