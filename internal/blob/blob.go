// Package blob keeps the bytes of attachments and large originals, named by their SHA-256. A blob is written before
// the transaction that refers to it, never changes, and is removed only by internal/blobgc once nothing refers to it. They lie in
// a folder (Disk), which several nodes may share, or in a bucket (S3). The package knows no noun and no database. Intake and the API
// put, the API and the adapters open.
package blob

import (
	"context"
	"io"
	"time"
)

// Store is where blobs are kept. All methods are safe for concurrent use, also by several processes.
type Store interface {
	// Put reads r to its end and keeps it; nil means durable. Keeping the same bytes again is free and makes the blob young
	// again, so that a collection under way leaves it alone.
	Put(ctx context.Context, r io.Reader) (sha256hex string, size int64, err error)
	// Open reads a blob. A missing one is desk.NotFound.
	Open(ctx context.Context, sha256hex string) (io.ReadSeekCloser, error)
	// Delete removes a blob; a missing one is no error. If olderThan is set, a blob put after it stays, and ok is false.
	Delete(ctx context.Context, sha256hex string, olderThan time.Time) (ok bool, err error)
	// List calls fn for every blob, in the order of names above after, until fn returns an error, which List then returns.
	List(ctx context.Context, after string, fn func(Info) error) error
}

// Asider is a store from which blobs are collected without a lock: on a network, where nobody may be made to wait while it answers.
type Asider interface {
	// SetAside puts a blob that was put before olderThan aside, where Open still finds it; one that has lain aside since before
	// olderThan is removed for good. ok is false when it is too young for either. Two passes lie between the last use and the
	// end, so a reference that came while the first looked away is seen by the second.
	SetAside(ctx context.Context, sha256hex string, olderThan time.Time) (ok bool, err error)
}

// Info is what is known of a stored blob.
type Info struct {
	SHA256 string
	Size   int64
	PutAt  time.Time // last put, on the real clock
}
