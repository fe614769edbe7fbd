package blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/minio/minio-go/v7"
)

// MarkName is the file or object that says to which installation a place belongs.
const MarkName = "installation"

// Marked is a place that remembers whose files it keeps, so that a node with another place is noticed before it loses files.
type Marked interface {
	// Mark returns the place's mark. A place without one gets fresh, unless that is empty; of several who come at once the first wins.
	Mark(ctx context.Context, fresh string) (string, error)
}

// Mark implements Marked.
func (s *DiskStore) Mark(_ context.Context, fresh string) (string, error) {
	file := filepath.Join(s.dir, MarkName)
	b, err := os.ReadFile(file)
	if err == nil || fresh == "" && errors.Is(err, fs.ErrNotExist) {
		return strings.TrimSpace(string(b)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", unavailable(err)
	}
	f, err := os.CreateTemp(filepath.Join(s.dir, tempDir), "mark-*")
	if err != nil {
		return "", unavailable(err)
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(fresh + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", unavailable(err)
	}
	if err := os.Link(f.Name(), file); err != nil && !errors.Is(err, fs.ErrExist) {
		if err := os.Rename(f.Name(), file); err != nil { // a file system without hard links
			return "", unavailable(err)
		}
	}
	if err := syncDir(s.dir); err != nil {
		return "", unavailable(err)
	}
	if b, err = os.ReadFile(file); err != nil {
		return "", unavailable(err)
	}
	return strings.TrimSpace(string(b)), nil
}

// Mark implements Marked.
func (s *S3Store) Mark(ctx context.Context, fresh string) (string, error) {
	if err := outside(ctx); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	mark, err := s.readMark(ctx)
	if err != nil || mark != "" || fresh == "" {
		return mark, err
	}
	sum := sha256.Sum256([]byte(fresh))
	opt := minio.PutObjectOptions{ContentType: "text/plain", DisableContentSha256: true, DisableMultipart: true}
	opt.SetMatchETagExcept("*") // only if there is none
	_, err = s.core.PutObject(ctx, s.b.Name, path.Join(s.b.Prefix, MarkName), bytes.NewReader([]byte(fresh)), int64(len(fresh)), "", hex.EncodeToString(sum[:]), opt)
	if err != nil && minio.ToErrorResponse(err).Code != "PreconditionFailed" {
		return "", s.failed(ctx, err)
	}
	return s.readMark(ctx)
}

func (s *S3Store) readMark(ctx context.Context) (string, error) {
	body, _, _, err := s.core.GetObject(ctx, s.b.Name, path.Join(s.b.Prefix, MarkName), minio.GetObjectOptions{})
	if err != nil {
		if missing(err) {
			return "", nil
		}
		return "", s.failed(ctx, err)
	}
	defer body.Close()
	b, err := io.ReadAll(io.LimitReader(body, 1000))
	if err != nil {
		return "", fmt.Errorf("blob: mark: %w", s.failed(ctx, err))
	}
	return strings.TrimSpace(string(b)), nil
}
