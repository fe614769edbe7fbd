package app

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/kanalhq/kanal/internal/blob"
	"github.com/kanalhq/kanal/internal/blobgc"
	"github.com/kanalhq/kanal/internal/config"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// openBlobs opens the place where attachments and originals are kept. A bucket is not asked anything yet.
func (a *App) openBlobs() (blob.Store, error) {
	at := a.cfg.BlobsAt
	if at.Bucket == "" {
		if at.Dir == "" {
			at.Dir = filepath.Join(a.cfg.Data, "blobs")
		}
		return blob.Disk(at.Dir)
	}
	access, secret, err := config.S3Keys(os.Getenv)
	if err != nil {
		return nil, err
	}
	return blob.S3(blob.Bucket{
		Endpoint: at.Endpoint, Secure: at.Secure, Region: at.Region, Name: at.Bucket, Prefix: at.Prefix, PathStyle: at.PathStyle, AccessKey: access, SecretKey: secret,
	}, filepath.Join(a.cfg.Data, "spool"))
}

// checkBlobs refuses to serve with a place that cannot be used, or that is not the one where this installation's files are: a node with a
// place of its own would keep files that the others never find.
func (a *App) checkBlobs(ctx context.Context) error {
	if c, ok := a.Blobs.(interface {
		Check(ctx context.Context) error
	}); ok {
		if err := c.Check(ctx); err != nil {
			return err
		}
	}
	place, ok := a.Blobs.(blob.Marked)
	if !ok {
		return nil
	}
	known, err := a.filesMark(ctx, "")
	if err != nil {
		return err
	}
	fresh := known
	if known == "" {
		var b [16]byte
		_, _ = rand.Read(b[:])
		fresh = hex.EncodeToString(b[:])
	} else if ours, err := a.filesAreHere(ctx); err != nil {
		return err
	} else if !ours {
		fresh = ""
	}
	mark, err := place.Mark(ctx, fresh)
	if err != nil {
		return err
	}
	if known == "" {
		if known, err = a.filesMark(ctx, mark); err != nil {
			return err
		}
	}
	if mark != known {
		return desk.Errorf(desk.Conflict, "app.files_elsewhere", "%v is not where this installation keeps its files. Start every node with the same --blobs: a folder that they share, or a bucket. "+
			"If the files were moved here, write %s into %s there.", a.Blobs, known, blob.MarkName)
	}
	return nil
}

func (a *App) filesMark(ctx context.Context, fresh string) (mark string, err error) {
	err = a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		mark, err = a.Settings.FilesMark(ctx, tx, fresh)
		return err
	})
	return mark, err
}

// filesAreHere reports whether a place without a mark is this installation's all the same: a file that is referred to is found there (it was copied
// without the mark), or there is none yet and nobody else works on the database.
func (a *App) filesAreHere(ctx context.Context) (bool, error) {
	none := true
	for _, ref := range blobgc.References {
		var sha string
		err := a.DB.QueryRow(ctx, fmt.Sprintf("SELECT %[2]s FROM %[1]s WHERE %[2]s <> '' ORDER BY id DESC LIMIT 1", ref.Table, ref.Column)).Scan(&sha)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return false, fmt.Errorf("app: files: %w", err)
		}
		none = false
		f, err := a.Blobs.Open(ctx, sha)
		if err == nil {
			return true, f.Close()
		}
		if desk.CodeOf(err) != desk.NotFound {
			return false, err
		}
	}
	if !none {
		return false, nil
	}
	n, err := a.DB.Nodes(ctx)
	return n <= 1, err
}
