// Package database is the local copy of the cluster's files: the tree in memory and on disk.
package database

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/fxamacker/cbor/v2"

	"tailmox.lab/pve/pmxcfs/store"
	"tailmox.lab/pve/pmxcfs/tree"
)

// Database can be read by everybody at any time. Changing it (Apply, Install, SetLineage, Commit) is for
// one caller at a time: the cluster's thread, or Do in local mode.
type Database struct {
	mu   sync.RWMutex
	tree *tree.Tree
	// unsaved are the rows that the next Commit writes, removed the inodes that it deletes.
	unsaved map[uint64]tree.Entry
	removed map[uint64]bool
	lineage uint32
	marked  bool

	store    *store.Store
	writer   sync.Mutex
	onChange func(paths []string)
}

// Summary is what members compare to find out whose copy is the newest.
type Summary struct {
	Version uint64 `cbor:"1,keyasint"`
	Mtime   uint32 `cbor:"2,keyasint"`
	// Lineage numbers the last quorate round of the cluster that this copy took part in. 0: none, or it was
	// changed outside of one (local mode, `pvecm expected`), and then its version alone counts.
	Lineage uint32 `cbor:"3,keyasint"`
	// Digest is equal only if every row is.
	Digest string `cbor:"4,keyasint"`
}

// Open loads config.db, or makes it: created tells which. onChange hears of every path that reads
// differently after a change; nil stands for "anything may".
func Open(path string, onChange func(paths []string)) (database *Database, created bool, err error) {
	opened, created, err := store.Open(path)
	if err != nil {
		return nil, false, err
	}
	rows, lineage, err := opened.Load()
	if err != nil {
		return nil, false, fmt.Errorf("load database '%s': %w", path, err)
	}
	d := &Database{
		tree:     tree.Load(rows),
		lineage:  lineage,
		unsaved:  map[uint64]tree.Entry{},
		removed:  map[uint64]bool{},
		store:    opened,
		onChange: onChange,
	}
	if len(rows) == 0 {
		d.tree = tree.New(uint32(time.Now().Unix()))
		if err := opened.Replace(d.tree.Rows(), 0); err != nil {
			return nil, false, err
		}
	}
	return d, created || len(rows) == 0, nil
}

// Close folds everything into the file.
func (d *Database) Close() error {
	d.writer.Lock()
	defer d.writer.Unlock()
	return d.store.Close()
}

// View lets the caller read the tree; it must keep no pointer into it but an Entry's Data.
func (d *Database) View(look func(*tree.Tree)) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	look(d.tree)
}

// Summary describes this copy.
func (d *Database) Summary() Summary {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return Summary{
		Version: d.tree.Version(),
		Mtime:   d.tree.Mtime(),
		Lineage: d.lineage,
		Digest:  d.tree.Digest(),
	}
}

// Do makes one change in local mode, on disk when it returns.
func (d *Database) Do(op tree.Op) syscall.Errno {
	d.writer.Lock()
	defer d.writer.Unlock()
	errno := d.Apply(op, 0)
	d.SetLineage(0)
	if err := d.Commit(); err != nil {
		return syscall.EIO
	}
	return errno
}

// Apply makes one change in memory; the next Commit writes it.
func (d *Database) Apply(op tree.Op, writer uint32) syscall.Errno {
	d.mu.Lock()
	change, errno := d.tree.Apply(op, writer)
	for _, inode := range change.Delete {
		delete(d.unsaved, inode)
		d.removed[inode] = true
	}
	for _, entry := range change.Put {
		d.unsaved[entry.Inode] = entry
	}
	d.mu.Unlock()
	if len(change.Paths) > 0 {
		d.onChange(change.Paths)
	}
	return errno
}

// SetLineage sets the mark that Summary shows; the next Commit writes it.
func (d *Database) SetLineage(lineage uint32) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.marked = d.marked || d.lineage != lineage
	d.lineage = lineage
}

// Commit writes everything since the last one to disk. After an error nothing more may be changed.
func (d *Database) Commit() error {
	d.mu.Lock()
	put := slices.Collect(maps.Values(d.unsaved))
	remove := slices.Collect(maps.Keys(d.removed))
	lineage, marked := d.lineage, d.marked
	clear(d.unsaved)
	clear(d.removed)
	d.marked = false
	d.mu.Unlock()
	if len(put) == 0 && len(remove) == 0 && !marked {
		return nil
	}
	return d.store.Save(put, remove, lineage)
}

// Dump gives the whole content, compressed, for Install on another member.
func (d *Database) Dump() ([]byte, error) {
	d.mu.RLock()
	rows := d.tree.Rows()
	d.mu.RUnlock()
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	if err := cbor.NewEncoder(zip).Encode(rows); err != nil {
		return nil, err
	}
	if err := zip.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// Install overwrites everything with another member's Dump, on disk when it returns.
func (d *Database) Install(dump []byte, lineage uint32) error {
	zip, err := gzip.NewReader(bytes.NewReader(dump))
	if err != nil {
		return err
	}
	plain, err := io.ReadAll(zip)
	if err != nil {
		return err
	}
	var rows []tree.Entry
	if err := decoder.Unmarshal(plain, &rows); err != nil {
		return err
	}
	if err := d.store.Replace(rows, lineage); err != nil {
		return err
	}
	d.mu.Lock()
	d.tree = tree.Load(rows)
	d.lineage, d.marked = lineage, false
	clear(d.unsaved)
	clear(d.removed)
	d.mu.Unlock()
	d.onChange(nil)
	return nil
}

var decoder = must(cbor.DecOptions{MaxArrayElements: tree.MaxInodes + 1}.DecMode())

func must(mode cbor.DecMode, err error) cbor.DecMode {
	if err != nil {
		panic(err)
	}
	return mode
}
