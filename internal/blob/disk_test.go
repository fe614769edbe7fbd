package blob_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/blob"
	"github.com/kanalhq/kanal/internal/desk"
)

func open(t *testing.T, dir string) *blob.DiskStore {
	t.Helper()
	s, err := blob.Disk(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t *testing.T, s blob.Store, text string) string {
	t.Helper()
	sha, n, err := s.Put(context.Background(), strings.NewReader(text))
	if err != nil || n != int64(len(text)) {
		t.Fatalf("put: %d bytes, %v", n, err)
	}
	return sha
}

func files(t *testing.T, dir string) (n int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestABlobIsNamedByItsContentAndReadBack(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	s := open(t, dir)
	sum := sha256.Sum256([]byte("hello"))
	sha := put(t, s, "hello")
	if sha != hex.EncodeToString(sum[:]) {
		t.Fatalf("named %s", sha)
	}
	if again := put(t, s, "hello"); again != sha || files(t, dir) != 1 {
		t.Errorf("the same bytes twice: %s, %d files", again, files(t, dir))
	}
	f, err := open(t, dir).Open(ctx, sha) // as after a restart
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if b, err := io.ReadAll(f); string(b) != "hello" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := f.Seek(1, io.SeekStart); err != nil {
		t.Error(err)
	}
	if err := blob.Verify(ctx, s, sha); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(dir, sha[:2], sha[2:4], sha), []byte("hallo"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := blob.Verify(ctx, s, sha); err == nil {
		t.Error("damage was not seen")
	}
}

func TestAFailedUploadLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	boom := errors.New("boom")
	_, _, err := s.Put(context.Background(), io.MultiReader(strings.NewReader("half"), iotestErr{boom}))
	if !errors.Is(err, boom) || desk.CodeOf(err) == desk.Unavailable || files(t, dir) != 0 {
		t.Errorf("%v, %d files", err, files(t, dir))
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := s.Put(ctx, strings.NewReader("x")); !errors.Is(err, context.Canceled) || files(t, dir) != 0 {
		t.Errorf("%v, %d files", err, files(t, dir))
	}
}

type iotestErr struct{ err error }

func (r iotestErr) Read([]byte) (int, error) { return 0, r.err }

func TestOldUnfinishedUploadsAreRemovedAtStart(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	old, young := filepath.Join(dir, "tmp", "put-1"), filepath.Join(dir, "tmp", "put-2")
	for _, f := range []string{old, young} {
		if err := os.WriteFile(f, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	past := time.Now().Add(-48 * time.Hour)
	if err := os.Chtimes(old, past, past); err != nil {
		t.Fatal(err)
	}
	open(t, dir)
	_, errOld := os.Stat(old)
	_, errYoung := os.Stat(young)
	if !os.IsNotExist(errOld) || errYoung != nil {
		t.Errorf("old: %v, young: %v", errOld, errYoung)
	}
}

func TestDeleteSparesWhatWasPutAgainMeanwhile(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	s := open(t, dir)
	sha := put(t, s, "x")
	before := time.Now().Add(-time.Hour)
	if ok, err := s.Delete(ctx, sha, before); ok || err != nil {
		t.Errorf("deleted a young blob: %v, %v", ok, err)
	}
	past := time.Now().Add(-48 * time.Hour)
	if err := os.Chtimes(filepath.Join(dir, sha[:2], sha[2:4], sha), past, past); err != nil {
		t.Fatal(err)
	}
	put(t, s, "x")
	if ok, _ := s.Delete(ctx, sha, before); ok {
		t.Error("a blob put again was deleted")
	}
	for range 2 {
		if ok, err := s.Delete(ctx, sha, time.Time{}); !ok || err != nil {
			t.Errorf("delete: %v, %v", ok, err)
		}
	}
	if _, err := s.Open(ctx, sha); desk.CodeOf(err) != desk.NotFound {
		t.Errorf("open: %v", err)
	}
}

func TestListGoesThroughEveryBlobInOrderAndGoesOnAfterOne(t *testing.T) {
	ctx := context.Background()
	s := open(t, t.TempDir())
	var want []string
	for i := range 50 {
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
}

func TestNamesThatAreNoDigestNeverReachTheDisk(t *testing.T) {
	s := open(t, t.TempDir())
	for _, name := range []string{"", "..", "../../../../etc/passwd", strings.Repeat("A", 64), strings.Repeat("z", 64), "../" + strings.Repeat("a", 61)} {
		if _, err := s.Open(context.Background(), name); desk.CodeOf(err) != desk.Invalid {
			t.Errorf("open %q: %v", name, err)
		}
		if _, err := s.Delete(context.Background(), name, time.Time{}); desk.CodeOf(err) != desk.Invalid {
			t.Errorf("delete %q: %v", name, err)
		}
	}
}

func TestManyPutsOfTheSameBytesAtOnce(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	var wg sync.WaitGroup
	big := bytes.Repeat([]byte("0123456789"), 100_000)
	for range 16 {
		wg.Go(func() {
			if _, n, err := s.Put(context.Background(), bytes.NewReader(big)); err != nil || n != int64(len(big)) {
				t.Errorf("%d, %v", n, err)
			}
		})
	}
	wg.Wait()
	if n := files(t, dir); n != 1 {
		t.Errorf("%d files", n)
	}
}

// A process that died between moving a blob out and looking at it leaves it to the next one to put it back, young.
func TestABlobOnItsWayOutComesBackWhenItsProcessDied(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	s := open(t, dir)
	sha := put(t, s, "x")
	if err := os.Rename(filepath.Join(dir, sha[:2], sha[2:4], sha), filepath.Join(dir, "tmp", "out-"+sha)); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	if err := blob.Verify(ctx, s, sha); err != nil {
		t.Fatal(err)
	}
	if ok, err := s.Delete(ctx, sha, time.Now().Add(-time.Hour)); ok || err != nil {
		t.Errorf("deleted though young: %v, %v", ok, err)
	}
}

// Two processes share a folder: one collects what is old while the other puts the same bytes again. What Put has promised is there.
func TestAPutBesideACollectionOfAnotherProcessKeepsItsBlob(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	one, two := open(t, dir), open(t, dir)
	for i := range 300 {
		sha := put(t, one, "x")
		past := time.Now().Add(-48 * time.Hour)
		if err := os.Chtimes(filepath.Join(dir, sha[:2], sha[2:4], sha), past, past); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := two.Delete(ctx, sha, time.Now().Add(-24*time.Hour)); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() { put(t, one, "x") })
		wg.Wait()
		if err := blob.Verify(ctx, one, sha); err != nil {
			t.Fatalf("round %d: %v", i, err)
		}
	}
}
