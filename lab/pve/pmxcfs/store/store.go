// Package store keeps the tree in config.db, an SQLite database with Proxmox's own table.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	_ "modernc.org/sqlite" // the driver

	"tailmox.lab/pve/pmxcfs/tree"
)

// Store is an open config.db. Save is for one caller at a time.
type Store struct {
	db *sql.DB
}

// The types of directory entries as in <dirent.h>, which the real table holds.
const (
	typeDir  = 4
	typeFile = 8
)

const schema = `CREATE TABLE IF NOT EXISTS tree (
  inode INTEGER PRIMARY KEY NOT NULL,
  parent INTEGER NOT NULL CHECK(typeof(parent)=='integer'),
  version INTEGER NOT NULL CHECK(typeof(version)=='integer'),
  writer INTEGER NOT NULL CHECK(typeof(writer)=='integer'),
  mtime INTEGER NOT NULL CHECK(typeof(mtime)=='integer'),
  type INTEGER NOT NULL CHECK(typeof(type)=='integer'),
  name TEXT NOT NULL,
  data BLOB)`

// busyTimeout bounds the wait for a backup's read lock.
const busyTimeout = 10 * time.Second

// Open opens or makes the database. created tells that there was none.
func Open(path string) (store *Store, created bool, err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	switch {
	case err == nil:
		created = true
		err = file.Close()
	case errors.Is(err, fs.ErrExist):
		err = nil
	}
	if err != nil {
		return nil, false, err
	}
	// synchronous FULL: what a writer was told is on disk when the power goes.
	source := fmt.Sprintf("file:%s?_pragma=busy_timeout(%d)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate",
		path, busyTimeout.Milliseconds())
	db, err := sql.Open("sqlite", source)
	if err != nil {
		return nil, false, err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(schema); err != nil {
		return nil, false, errors.Join(fmt.Errorf("open database '%s': %w", path, err), db.Close())
	}
	return &Store{db: db}, created, nil
}

// Close folds the log into the database file.
func (s *Store) Close() error { return s.db.Close() }

// Load reads the whole tree, and the lineage mark that the last Save left (0: none, see Save).
func (s *Store) Load() ([]tree.Entry, uint32, error) {
	var lineage uint32
	if err := s.db.QueryRow("PRAGMA user_version").Scan(&lineage); err != nil {
		return nil, 0, err
	}
	rows, err := s.db.Query("SELECT inode, parent, version, writer, mtime, type, name, data FROM tree")
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	var entries []tree.Entry
	for rows.Next() {
		var entry tree.Entry
		var kind int
		err := rows.Scan(&entry.Inode, &entry.Parent, &entry.Version, &entry.Writer, &entry.Mtime, &kind,
			&entry.Name, &entry.Data)
		if err != nil {
			return nil, 0, err
		}
		entry.Dir = kind == typeDir
		if entry.Inode == tree.RootInode {
			entry.Name, entry.Dir = "", true
		}
		entries = append(entries, entry)
	}
	return entries, lineage, rows.Err()
}

// Save writes changed rows and the lineage mark in one transaction, on disk when it returns.
// The mark lives in the header of the file (user_version), so that the table stays Proxmox's own and a
// dump does not carry it.
func (s *Store) Save(put []tree.Entry, remove []uint64, lineage uint32) error {
	return s.transaction(func(tx *sql.Tx) error {
		for _, inode := range remove {
			if _, err := tx.Exec("DELETE FROM tree WHERE inode = ?", inode); err != nil {
				return err
			}
		}
		return write(tx, put, lineage)
	})
}

// Replace puts a whole new tree in place of the old one, in one transaction.
func (s *Store) Replace(entries []tree.Entry, lineage uint32) error {
	return s.transaction(func(tx *sql.Tx) error {
		if _, err := tx.Exec("DELETE FROM tree"); err != nil {
			return err
		}
		return write(tx, entries, lineage)
	})
}

func (s *Store) transaction(body func(tx *sql.Tx) error) error {
	tx, err := s.db.BeginTx(context.Background(), nil)
	if err != nil {
		return err
	}
	if err := body(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func write(tx *sql.Tx, entries []tree.Entry, lineage uint32) error {
	for _, entry := range entries {
		kind, name, data := typeFile, entry.Name, entry.Data
		if entry.Dir {
			kind, data = typeDir, nil
		}
		if entry.Inode == tree.RootInode {
			kind, name = typeFile, "__version__"
		}
		_, err := tx.Exec("INSERT OR REPLACE INTO tree VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			entry.Inode, entry.Parent, entry.Version, entry.Writer, entry.Mtime, kind, name, data)
		if err != nil {
			return err
		}
	}
	_, err := tx.Exec(fmt.Sprintf("PRAGMA user_version = %d", int32(lineage)))
	return err
}
