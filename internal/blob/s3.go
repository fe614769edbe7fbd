package blob

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/kanalhq/kanal/internal/desk"
)

// Bucket says where an S3 store keeps its blobs and who may.
type Bucket struct {
	Endpoint  string // host:port
	Secure    bool   // https
	Region    string
	Name      string
	Prefix    string // without slashes at its ends; "": the bucket's root
	PathStyle bool   // https://host/bucket instead of https://bucket.host
	AccessKey string
	SecretKey string
}

// S3Store keeps blobs as objects: PREFIX/ab/cd/abcd…, and those set aside as PREFIX/aside/abcd….
type S3Store struct {
	b     Bucket
	spool string
	core  minio.Core
}

const (
	asideDir = "aside"
	// probeDir holds what Check writes, for a moment.
	probeDir = "probe"
	// answerWithin bounds a request that carries no blob.
	answerWithin = 20 * time.Second
	// tries of one request; the caller's caller tries again later.
	tries = 3
)

// S3 returns the store in a bucket. Uploads are spooled in a folder, made if missing: their name is known only at their end. Nothing is
// asked of the bucket before Check.
func S3(b Bucket, spool string) (*S3Store, error) {
	if err := os.MkdirAll(spool, 0o700); err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	lookup := minio.BucketLookupAuto
	if b.PathStyle {
		lookup = minio.BucketLookupPath
	}
	core, err := minio.NewCore(b.Endpoint, &minio.Options{
		Creds: credentials.NewStaticV4(b.AccessKey, b.SecretKey, ""), Secure: b.Secure, Region: b.Region, BucketLookup: lookup, MaxRetries: tries,
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext, TLSHandshakeTimeout: 10 * time.Second,
			ResponseHeaderTimeout: 30 * time.Second, IdleConnTimeout: time.Minute, MaxIdleConnsPerHost: 32, DisableCompression: true,
		},
	})
	if err != nil {
		return nil, desk.Errorf(desk.Invalid, "blob.bucket", "The bucket's address cannot be used: %v.", err).Because(err)
	}
	return &S3Store{b: b, spool: spool, core: *core}, nil
}

// String names the place, without credentials.
func (s *S3Store) String() string {
	return "s3://" + path.Join(s.b.Name, s.b.Prefix) + " at " + s.b.Endpoint
}

func (s *S3Store) key(sha string) string   { return path.Join(s.b.Prefix, sha[:2], sha[2:4], sha) }
func (s *S3Store) aside(sha string) string { return path.Join(s.b.Prefix, asideDir, sha) }

// outside refuses to speak to the network while a transaction waits.
func outside(ctx context.Context) error {
	if desk.InTx(ctx) {
		return errors.New("blob: a bucket is on the network: not inside a write transaction")
	}
	return nil
}

// Put implements Store: spool, look whether it is there, upload. The bucket checks the digest itself before it keeps anything.
func (s *S3Store) Put(ctx context.Context, r io.Reader) (string, int64, error) {
	if err := outside(ctx); err != nil {
		return "", 0, err
	}
	f, err := os.CreateTemp(s.spool, "put-*")
	if err != nil {
		return "", 0, unavailable(err)
	}
	defer f.Close()
	_ = os.Remove(f.Name()) // the open file is enough: nothing is left behind, whatever happens
	sum := sha256.New()
	size, err := io.Copy(io.MultiWriter(onDisk{f}, sum), reader{ctx, r})
	if err != nil {
		var full diskError
		if errors.As(err, &full) {
			return "", 0, unavailable(err)
		}
		return "", 0, fmt.Errorf("blob: put: %w", err)
	}
	sha := hex.EncodeToString(sum.Sum(nil))
	if had, err := s.stat(ctx, s.key(sha)); err == nil && had.Size == size {
		return sha, size, nil
	} else if err != nil && !missing(err) {
		return "", 0, s.failed(ctx, err)
	}
	opt := minio.PutObjectOptions{ContentType: "application/octet-stream", DisableContentSha256: true, DisableMultipart: true}
	if _, err := s.core.PutObject(ctx, s.b.Name, s.key(sha), io.NewSectionReader(f, 0, size), size, "", sha, opt); err != nil {
		return "", 0, s.failed(ctx, err)
	}
	return sha, size, nil
}

func (s *S3Store) stat(ctx context.Context, key string) (minio.ObjectInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	return s.core.StatObject(ctx, s.b.Name, key, minio.StatObjectOptions{})
}

// Open implements Store. One request answers whether the blob is there and begins to read it.
func (s *S3Store) Open(ctx context.Context, sha string) (io.ReadSeekCloser, error) {
	if err := valid(sha); err != nil {
		return nil, err
	}
	if err := outside(ctx); err != nil {
		return nil, err
	}
	o := &object{ctx: ctx, store: s, key: s.key(sha)}
	body, info, _, err := s.core.GetObject(ctx, s.b.Name, o.key, minio.GetObjectOptions{})
	if err != nil && missing(err) { // perhaps somebody came to refer to it while it was set aside
		o.key = s.aside(sha)
		body, info, _, err = s.core.GetObject(ctx, s.b.Name, o.key, minio.GetObjectOptions{})
	}
	if err != nil {
		if missing(err) {
			return nil, desk.Errorf(desk.NotFound, "blob.missing", "The stored file is missing.").Because(err)
		}
		return nil, s.failed(ctx, err)
	}
	o.body, o.size = body, info.Size
	return o, nil
}

// Delete implements Store, at once: see SetAside for a collection.
func (s *S3Store) Delete(ctx context.Context, sha string, olderThan time.Time) (bool, error) {
	if err := errors.Join(valid(sha), outside(ctx)); err != nil {
		return false, err
	}
	if !olderThan.IsZero() {
		info, err := s.stat(ctx, s.key(sha))
		switch {
		case err != nil && missing(err):
		case err != nil:
			return false, s.failed(ctx, err)
		case info.LastModified.After(olderThan):
			return false, nil
		}
	}
	for _, key := range []string{s.key(sha), s.aside(sha)} {
		if err := s.remove(ctx, key); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (s *S3Store) remove(ctx context.Context, key string) error {
	within, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	if err := s.core.RemoveObject(within, s.b.Name, key, minio.RemoveObjectOptions{}); err != nil && !missing(err) {
		return s.failed(ctx, err)
	}
	return nil
}

// SetAside implements Asider.
func (s *S3Store) SetAside(ctx context.Context, sha string, olderThan time.Time) (bool, error) {
	if err := errors.Join(valid(sha), outside(ctx)); err != nil {
		return false, err
	}
	info, err := s.stat(ctx, s.key(sha))
	if err != nil && missing(err) {
		info, err = s.stat(ctx, s.aside(sha))
		if err != nil && missing(err) {
			return true, nil
		}
		if err == nil && info.LastModified.After(olderThan) {
			return false, nil
		}
		if err == nil {
			return true, s.remove(ctx, s.aside(sha))
		}
	}
	if err != nil {
		return false, s.failed(ctx, err)
	}
	if info.LastModified.After(olderThan) {
		return false, nil
	}
	within, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	_, err = s.core.Client.CopyObject(within, minio.CopyDestOptions{Bucket: s.b.Name, Object: s.aside(sha)}, minio.CopySrcOptions{Bucket: s.b.Name, Object: s.key(sha)})
	if err != nil {
		return false, s.failed(ctx, err)
	}
	return true, s.remove(ctx, s.key(sha))
}

// List implements Store. What was set aside comes in a second walk, in the same order: its PutAt is when it was set aside.
func (s *S3Store) List(ctx context.Context, after string, fn func(Info) error) error {
	if err := outside(ctx); err != nil {
		return err
	}
	start := ""
	if len(after) == 2*sha256.Size {
		start = s.key(after)
	}
	if err := s.walk(ctx, s.b.Prefix, start, func(i Info, key string) error {
		if i.SHA256 <= after || key != s.key(i.SHA256) {
			return nil
		}
		return fn(i)
	}); err != nil {
		return err
	}
	return s.walk(ctx, path.Join(s.b.Prefix, asideDir), "", func(i Info, _ string) error {
		if i.SHA256 <= after {
			return nil
		}
		return fn(i)
	})
}

func (s *S3Store) walk(ctx context.Context, prefix, after string, fn func(i Info, key string) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the listing when fn does
	if prefix != "" {
		prefix += "/"
	}
	plain := false
	for o := range s.core.Client.ListObjects(ctx, s.b.Name, minio.ListObjectsOptions{Prefix: prefix, Recursive: true, StartAfter: after, FetchOwner: &plain}) {
		if o.Err != nil {
			return s.failed(ctx, o.Err)
		}
		name := path.Base(o.Key)
		if valid(name) != nil {
			continue
		}
		if err := fn(Info{SHA256: name, Size: o.Size, PutAt: o.LastModified}, o.Key); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Check writes, lists and removes an object, and says in words what is wrong.
func (s *S3Store) Check(ctx context.Context) error {
	var b [8]byte
	_, _ = rand.Read(b[:])
	key := path.Join(s.b.Prefix, probeDir, hex.EncodeToString(b[:]))
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	const text = "kanal"
	sum := sha256.Sum256([]byte(text))
	opt := minio.PutObjectOptions{DisableContentSha256: true, DisableMultipart: true}
	if _, err := s.core.PutObject(ctx, s.b.Name, key, strings.NewReader(text), int64(len(text)), "", hex.EncodeToString(sum[:]), opt); err != nil {
		return s.explain("written to", err)
	}
	plain := false
	for o := range s.core.Client.ListObjects(ctx, s.b.Name, minio.ListObjectsOptions{Prefix: key, Recursive: true, FetchOwner: &plain}) {
		if o.Err != nil {
			return s.explain("listed", o.Err)
		}
	}
	if err := s.core.RemoveObject(ctx, s.b.Name, key, minio.RemoveObjectOptions{}); err != nil {
		return s.explain("cleaned", err)
	}
	return nil
}

// explain says what an administrator can do about a bucket that cannot be used.
func (s *S3Store) explain(what string, err error) error {
	hint := "The server said: " + err.Error() + "."
	switch minio.ToErrorResponse(err).Code {
	case "NoSuchBucket":
		hint = "There is no such bucket: make it, or name another one."
	case "InvalidAccessKeyId", "SignatureDoesNotMatch":
		hint = "The credentials are refused: look at KANAL_S3_ACCESS_KEY and KANAL_S3_SECRET_KEY."
	case "AccessDenied":
		hint = "The credentials do not allow it: they need to get, put, list and delete objects there."
	case "AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocationConstraintException":
		hint = "The region is another one: add ?region=… to --blobs."
	case "RequestTimeTooSkewed":
		hint = "This machine's clock is wrong."
	case "":
		hint = "It cannot be reached: " + err.Error() + "."
	}
	return desk.Errorf(desk.Unavailable, "blob.bucket_unusable", "The bucket %s cannot be %s. %s", s, what, hint).Because(err)
}

func missing(err error) bool {
	r := minio.ToErrorResponse(err)
	return r.Code == "NoSuchKey" || r.Code == "NotFound" || r.Code == "" && r.StatusCode == http.StatusNotFound
}

// failed is trouble of the bucket or of the way there: whatever it is, the caller's own data is not at fault.
func (s *S3Store) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("blob: %w", ctx.Err())
	}
	return unavailable(fmt.Errorf("blob: %s: %w", s, err))
}

// object reads a blob from the bucket, from wherever it was sought to. A connection that breaks is taken up where it broke.
type object struct {
	ctx    context.Context
	store  *S3Store
	key    string
	size   int64
	at     int64         // where the next Read begins
	body   io.ReadCloser // open at `at`; nil: not open
	broken int
}

// Read implements io.Reader.
func (o *object) Read(p []byte) (int, error) {
	for {
		if o.at >= o.size {
			return 0, io.EOF
		}
		if len(p) == 0 {
			return 0, nil
		}
		if o.body == nil {
			if err := o.open(); err != nil {
				return 0, err
			}
		}
		n, err := o.body.Read(p)
		o.at += int64(n)
		switch {
		case n > 0:
			o.broken = 0
			return n, nil // an error comes again, or is mended by opening anew
		case err == nil:
			continue
		}
		o.drop()
		if o.broken++; o.broken >= tries || o.ctx.Err() != nil {
			return 0, o.store.failed(o.ctx, err)
		}
	}
}

func (o *object) open() error {
	opt := minio.GetObjectOptions{}
	if err := opt.SetRange(o.at, o.size-1); err != nil {
		return fmt.Errorf("blob: %w", err)
	}
	body, _, _, err := o.store.core.GetObject(o.ctx, o.store.b.Name, o.key, opt)
	if err != nil {
		if missing(err) {
			return desk.Errorf(desk.NotFound, "blob.missing", "The stored file is missing.").Because(err)
		}
		return o.store.failed(o.ctx, err)
	}
	o.body = body
	return nil
}

func (o *object) drop() {
	if o.body != nil {
		_ = o.body.Close()
		o.body = nil
	}
}

// Seek implements io.Seeker; the next Read asks for the rest from there.
func (o *object) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += o.at
	case io.SeekEnd:
		offset += o.size
	}
	if offset < 0 {
		return o.at, errors.New("blob: seek before the beginning")
	}
	if offset != o.at {
		o.drop()
		o.at = offset
	}
	return o.at, nil
}

// Close implements io.Closer.
func (o *object) Close() error {
	o.drop()
	return nil
}
