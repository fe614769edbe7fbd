package blob_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/blob"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/simulate/s3"
)

func bucketOf(s *s3.Server, prefix string) blob.Bucket {
	return blob.Bucket{
		Endpoint: strings.TrimPrefix(s.URL, "http://"), Region: s3.Region, Name: s.Bucket, Prefix: prefix, PathStyle: true, AccessKey: s3.AccessKey, SecretKey: s3.SecretKey,
	}
}

func openS3(t *testing.T, b blob.Bucket) *blob.S3Store {
	t.Helper()
	s, err := blob.S3(b, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newS3(t *testing.T) (*s3.Server, *blob.S3Store) {
	t.Helper()
	peer := s3.New("attachments")
	t.Cleanup(peer.Close)
	return peer, openS3(t, bucketOf(peer, "kanal/blobs"))
}

func TestABucketKeepsABlobOnceUnderItsDigest(t *testing.T) {
	ctx := context.Background()
	peer, s := newS3(t)
	sum := sha256.Sum256([]byte("hello"))
	sha := put(t, s, "hello")
	if sha != hex.EncodeToString(sum[:]) {
		t.Fatalf("named %s", sha)
	}
	if again := put(t, s, "hello"); again != sha || peer.Puts() != 1 {
		t.Errorf("the same bytes twice: %s, %d uploads", again, peer.Puts())
	}
	if want := "kanal/blobs/" + sha[:2] + "/" + sha[2:4] + "/" + sha; !slices.Equal(peer.Keys(), []string{want}) {
		t.Errorf("keys %v, want %s", peer.Keys(), want)
	}
	if err := blob.Verify(ctx, openS3(t, bucketOf(peer, "kanal/blobs")), sha); err != nil { // as another node reads it
		t.Error(err)
	}
	if err := blob.Verify(ctx, s, put(t, s, "")); err != nil {
		t.Errorf("an empty blob: %v", err)
	}
	if _, err := s.Open(ctx, strings.Repeat("a", 64)); desk.CodeOf(err) != desk.NotFound {
		t.Errorf("a missing one: %v", err)
	}
	if _, err := s.Open(ctx, "../../etc/passwd"); desk.CodeOf(err) != desk.Invalid {
		t.Errorf("no digest: %v", err)
	}
	for range 2 {
		if ok, err := s.Delete(ctx, sha, time.Time{}); !ok || err != nil {
			t.Errorf("delete: %v, %v", ok, err)
		}
	}
	if _, err := s.Open(ctx, sha); desk.CodeOf(err) != desk.NotFound {
		t.Errorf("after the deletion: %v", err)
	}
}

func TestABlobInABucketIsReadFromAnywhereAndAcrossABrokenConnection(t *testing.T) {
	ctx := context.Background()
	peer, s := newS3(t)
	big := make([]byte, 3_000_000)
	for i := range big {
		big[i] = byte(rand.IntN(256))
	}
	sha, n, err := s.Put(ctx, bytes.NewReader(big))
	if err != nil || n != int64(len(big)) {
		t.Fatal(n, err)
	}
	peer.CutNext(1_000_000)
	f, err := s.Open(ctx, sha)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, err := io.ReadAll(f); err != nil || !bytes.Equal(got, big) {
		t.Fatalf("read %d bytes across a broken connection: %v", len(got), err)
	}
	for range 20 {
		at := rand.IntN(len(big))
		want := big[at:min(len(big), at+rand.IntN(5000))]
		if pos, err := f.Seek(int64(at), io.SeekStart); err != nil || pos != int64(at) {
			t.Fatal(pos, err)
		}
		got := make([]byte, len(want))
		if _, err := io.ReadFull(f, got); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("at %d: %v", at, err)
		}
	}
	if end, err := f.Seek(0, io.SeekEnd); err != nil || end != int64(len(big)) {
		t.Errorf("end %d, %v", end, err)
	}
	if _, err := f.Seek(-1, io.SeekStart); err == nil {
		t.Error("before the beginning")
	}
	if n, err := f.Read(make([]byte, 1)); n != 0 && err != io.EOF {
		t.Errorf("at the end: %d, %v", n, err)
	}
}

// What the bucket cannot take now is the machine's trouble: mail is answered 451 and stays with its sender.
func TestABucketThatFailsIsUnavailable(t *testing.T) {
	ctx := context.Background()
	peer, s := newS3(t)
	sha := put(t, s, "before")
	f, err := s.Open(ctx, sha)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	peer.SetDown(true)
	if _, _, err := s.Put(ctx, strings.NewReader("meanwhile")); desk.CodeOf(err) != desk.Unavailable {
		t.Errorf("put: %v", err)
	}
	if _, err := s.Open(ctx, sha); desk.CodeOf(err) != desk.Unavailable {
		t.Errorf("open: %v", err)
	}
	if err := s.List(ctx, "", func(blob.Info) error { return nil }); desk.CodeOf(err) != desk.Unavailable {
		t.Errorf("list: %v", err)
	}
	if _, err := s.SetAside(ctx, sha, time.Now()); desk.CodeOf(err) != desk.Unavailable {
		t.Errorf("set aside: %v", err)
	}
	peer.SetDown(false)
	if again := put(t, s, "before"); again != sha {
		t.Error(again)
	}
	if err := s.List(desk.MarkTx(ctx), "", func(blob.Info) error { return nil }); err == nil {
		t.Error("the network inside a transaction")
	}
	left, err := os.ReadDir(t.TempDir())
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestABucketListsEveryBlobInOrderOverPages(t *testing.T) {
	ctx := context.Background()
	peer, s := newS3(t)
	other := openS3(t, bucketOf(peer, "kanal/blobs-of-others"))
	put(t, other, "somebody else's")
	var want []string
	for i := range 40 {
		want = append(want, put(t, s, fmt.Sprint(i)))
	}
	slices.Sort(want)
	var got []string
	add := func(i blob.Info) error { got = append(got, i.SHA256); return nil }
	if err := s.List(ctx, "", add); err != nil || !slices.Equal(got, want) {
		t.Fatalf("%v, %d of %d", err, len(got), len(want))
	}
	got = nil
	if err := s.List(ctx, want[20], add); err != nil || !slices.Equal(got, want[21:]) {
		t.Errorf("after: %v, %d", err, len(got))
	}
	stop := fmt.Errorf("enough")
	if err := s.List(ctx, "", func(blob.Info) error { return stop }); err != stop {
		t.Errorf("stopped with %v", err)
	}
}

// A reference that is made while a collection looks away finds its blob: it is set aside first, and only removed after having lain there.
func TestABlobIsSetAsideBeforeItIsRemovedAndFoundMeanwhile(t *testing.T) {
	ctx := context.Background()
	peer, s := newS3(t)
	sha := put(t, s, "x")
	aside := func(want bool) {
		t.Helper()
		if ok, err := s.SetAside(ctx, sha, time.Now().Add(-time.Hour)); ok != want || err != nil {
			t.Fatalf("set aside: %v, %v", ok, err)
		}
	}
	found := func() bool {
		f, err := s.Open(ctx, sha)
		if err == nil {
			f.Close()
		}
		return err == nil
	}
	aside(false) // young
	peer.Age(peer.Keys()[0], 2*time.Hour)
	aside(true)
	if !found() {
		t.Fatal("what is set aside must be found")
	}
	aside(false) // young there
	if err := blob.Verify(ctx, s, sha); err != nil {
		t.Error(err)
	}
	if put(t, s, "x"); len(peer.Keys()) != 2 {
		t.Errorf("put again: %v", peer.Keys())
	}
	peer.Age(peer.Keys()[0], 2*time.Hour)
	peer.Age(peer.Keys()[1], 2*time.Hour)
	aside(true)
	aside(false)
	peer.Age(peer.Keys()[0], 2*time.Hour)
	aside(true)
	if found() || len(peer.Keys()) != 0 {
		t.Errorf("still there: %v", peer.Keys())
	}
}

func TestManyPutsOfTheSameBytesIntoABucket(t *testing.T) {
	peer, s := newS3(t)
	var wg sync.WaitGroup
	big := bytes.Repeat([]byte("0123456789"), 50_000)
	for range 16 {
		wg.Go(func() {
			if _, n, err := s.Put(context.Background(), bytes.NewReader(big)); err != nil || n != int64(len(big)) {
				t.Errorf("%d, %v", n, err)
			}
		})
	}
	wg.Wait()
	if keys := peer.Keys(); len(keys) != 1 {
		t.Errorf("%v", keys)
	}
}

func TestABucketThatCannotBeUsedSaysWhatToDo(t *testing.T) {
	ctx := context.Background()
	peer, s := newS3(t)
	if err := s.Check(ctx); err != nil {
		t.Fatal(err)
	}
	if keys := peer.Keys(); len(keys) != 0 {
		t.Errorf("the check left %v", keys)
	}
	good := bucketOf(peer, "")
	for says, change := range map[string]func(b *blob.Bucket){
		"no such bucket":          func(b *blob.Bucket) { b.Name = "elsewhere" },
		"KANAL_S3_ACCESS_KEY":     func(b *blob.Bucket) { b.AccessKey = "nobody" },
		"credentials are refused": func(b *blob.Bucket) { b.SecretKey = "wrong" },
		"region":                  func(b *blob.Bucket) { b.Region = "us-west-2" },
		"cannot be reached":       func(b *blob.Bucket) { b.Endpoint = "127.0.0.1:1" },
	} {
		b := good
		change(&b)
		err := openS3(t, b).Check(ctx)
		if desk.ReasonOf(err) != "blob.bucket_unusable" || !strings.Contains(desk.PublicOf(err), says) || strings.Contains(err.Error(), "test/secret") {
			t.Errorf("%s: %v", says, err)
		}
	}
}
