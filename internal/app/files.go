package app

import (
	"context"
	"os"
	"path/filepath"

	"github.com/kanalhq/kanal/internal/blob"
	"github.com/kanalhq/kanal/internal/config"
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

// checkBlobs refuses to serve with a place that cannot be used.
func (a *App) checkBlobs(ctx context.Context) error {
	if c, ok := a.Blobs.(interface {
		Check(ctx context.Context) error
	}); ok {
		return c.Check(ctx)
	}
	return nil
}
