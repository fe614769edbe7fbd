// Package s3 is a small object store for tests that speaks S3's REST protocol as far as Kanal uses it: put with a checked digest, ranged get,
// head, delete, copy and ListObjectsV2 by pages, each with its signature (AWS Signature Version 4) verified. Objects live in memory. It can be
// told to fail. It refuses multipart uploads, unsigned requests and whatever else it does not know, so that a test notices.
package s3

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The credentials that a Server takes.
const (
	AccessKey = "test-access-key"
	SecretKey = "test/secret+key"
	Region    = "eu-north-1"
)

// Server is a running store with one bucket.
type Server struct {
	*httptest.Server
	Bucket string

	mu      sync.Mutex
	objects map[string]stored
	down    bool
	cut     int64
	puts    int
}

type stored struct {
	body []byte
	at   time.Time
}

// New starts a store with an empty bucket, reached by path-style addresses. Close ends it.
func New(bucket string) *Server {
	s := &Server{Bucket: bucket, objects: map[string]stored{}}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	return s
}

// Address is what --blobs is given for this store.
func (s *Server) Address(prefix string) string {
	return fmt.Sprintf("s3://%s/%s?endpoint=%s&region=%s&path_style=1", s.Bucket, prefix, url.QueryEscape(s.URL), Region)
}

// SetDown lets every request fail with 503, or work again.
func (s *Server) SetDown(down bool) { s.mu.Lock(); defer s.mu.Unlock(); s.down = down }

// CutNext lets the next get break off after n bytes.
func (s *Server) CutNext(n int64) { s.mu.Lock(); defer s.mu.Unlock(); s.cut = n }

// Puts counts the uploads, of probes too.
func (s *Server) Puts() int { s.mu.Lock(); defer s.mu.Unlock(); return s.puts }

// Keys lists the objects, sorted.
func (s *Server) Keys() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	keys := make([]string, 0, len(s.objects))
	for k := range s.objects {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// Age makes an object older.
func (s *Server) Age(key string, by time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.objects[key]
	o.at = o.at.Add(-by)
	s.objects[key] = o
}

func refuse(w http.ResponseWriter, r *http.Request, status int, code, text string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		fmt.Fprintf(w, "<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>%s</Message><Resource>%s</Resource><RequestId>1</RequestId></Error>", code, text, r.URL.EscapedPath())
	}
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	down := s.down
	s.mu.Unlock()
	if down {
		_, _ = io.Copy(io.Discard, r.Body)
		refuse(w, r, http.StatusServiceUnavailable, "SlowDown", "Reduce your request rate")
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if code := verify(r, body); code != "" {
		refuse(w, r, http.StatusForbidden, code, "The request is not signed as it should be")
		return
	}
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if bucket != s.Bucket {
		refuse(w, r, http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist")
		return
	}
	q := r.URL.Query()
	switch {
	case key == "" && r.Method == http.MethodGet && q.Get("list-type") == "2":
		s.list(w, q)
	case key == "" || q.Has("uploads") || q.Has("uploadId"):
		refuse(w, r, http.StatusNotImplemented, "NotImplemented", "This is a small store")
	case r.Method == http.MethodPut && r.Header.Get("X-Amz-Copy-Source") != "":
		s.copy(w, r, key)
	case r.Method == http.MethodPut:
		s.put(w, r, key, body)
	case r.Method == http.MethodGet, r.Method == http.MethodHead:
		s.get(w, r, key)
	case r.Method == http.MethodDelete:
		s.mu.Lock()
		delete(s.objects, key)
		s.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	default:
		refuse(w, r, http.StatusMethodNotAllowed, "MethodNotAllowed", "No")
	}
}

func (s *Server) put(w http.ResponseWriter, r *http.Request, key string, body []byte) {
	s.mu.Lock()
	_, there := s.objects[key]
	refused := there && r.Header.Get("If-None-Match") == "*"
	if !refused {
		s.objects[key] = stored{body, time.Now()}
		s.puts++
	}
	s.mu.Unlock()
	if refused {
		refuse(w, r, http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
		return
	}
	w.Header().Set("ETag", etag(body))
}

func etag(body []byte) string { sum := md5.Sum(body); return `"` + hex.EncodeToString(sum[:]) + `"` }

func (s *Server) get(w http.ResponseWriter, r *http.Request, key string) {
	s.mu.Lock()
	o, ok := s.objects[key]
	cut := s.cut
	if r.Method == http.MethodGet {
		s.cut = 0
	}
	s.mu.Unlock()
	if !ok {
		refuse(w, r, http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
		return
	}
	w.Header().Set("ETag", etag(o.body))
	w.Header().Set("Content-Type", "application/octet-stream")
	if cut > 0 && r.Method == http.MethodGet {
		w.Header().Set("Last-Modified", o.at.UTC().Format(http.TimeFormat))
		w.Header().Set("Content-Length", strconv.Itoa(len(o.body)))
		_, _ = w.Write(o.body[:min(cut, int64(len(o.body)))])
		panic(http.ErrAbortHandler)
	}
	http.ServeContent(w, r, "", o.at, bytes.NewReader(o.body))
}

func (s *Server) copy(w http.ResponseWriter, r *http.Request, key string) {
	from, err := url.PathUnescape(r.Header.Get("X-Amz-Copy-Source"))
	bucket, src, _ := strings.Cut(strings.TrimPrefix(from, "/"), "/")
	s.mu.Lock()
	o, ok := s.objects[src]
	if ok && err == nil && bucket == s.Bucket {
		o.at = time.Now()
		s.objects[key] = o
	}
	s.mu.Unlock()
	if !ok || err != nil || bucket != s.Bucket {
		refuse(w, r, http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
		return
	}
	fmt.Fprintf(w, "<?xml version=\"1.0\"?><CopyObjectResult><LastModified>%s</LastModified><ETag>%s</ETag></CopyObjectResult>", o.at.UTC().Format(time.RFC3339), etag(o.body))
}

type listing struct {
	XMLName               xml.Name `xml:"ListBucketResult"`
	Name, Prefix          string
	KeyCount, MaxKeys     int
	IsTruncated           bool
	NextContinuationToken string `xml:",omitempty"`
	EncodingType          string `xml:",omitempty"`
	Contents              []listed
}

type listed struct {
	Key, LastModified, ETag string
	Size                    int
}

// pageSize is small, so that tests meet more than one page.
const pageSize = 7

func (s *Server) list(w http.ResponseWriter, q url.Values) {
	after := max(q.Get("start-after"), q.Get("continuation-token"))
	last := ""
	out := listing{Name: s.Bucket, Prefix: q.Get("prefix"), MaxKeys: pageSize, EncodingType: q.Get("encoding-type")}
	for _, k := range s.Keys() {
		if !strings.HasPrefix(k, out.Prefix) || k <= after {
			continue
		}
		if len(out.Contents) == pageSize {
			out.IsTruncated, out.NextContinuationToken = true, last
			break
		}
		last = k
		s.mu.Lock()
		o := s.objects[k]
		s.mu.Unlock()
		name := k
		if q.Get("encoding-type") == "url" {
			name = url.QueryEscape(k)
		}
		out.Contents = append(out.Contents, listed{name, o.at.UTC().Format("2006-01-02T15:04:05.000Z"), etag(o.body), len(o.body)})
	}
	out.KeyCount = len(out.Contents)
	w.Header().Set("Content-Type", "application/xml")
	_ = xml.NewEncoder(w).Encode(out)
}

// digest is a SHA-256 in hex.
func digest(b []byte) string { sum := sha256.Sum256(b); return hex.EncodeToString(sum[:]) }
