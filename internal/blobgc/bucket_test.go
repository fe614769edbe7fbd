package blobgc_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/blob"
	"github.com/kanalhq/kanal/internal/blobgc"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/simulate/s3"
)

// In a bucket nothing is removed by the first pass: what is referred to between two passes is found, and kept by the second.
func TestABucketIsCollectedInTwoPasses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		peer := s3.New("files")
		defer peer.Close()
		store, err := blob.S3(blob.Bucket{
			Endpoint: strings.TrimPrefix(peer.URL, "http://"), Region: s3.Region, Name: "files", PathStyle: true, AccessKey: s3.AccessKey, SecretKey: s3.SecretKey,
		}, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		put := func(text string) string {
			sha, _, err := store.Put(ctx, strings.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			return sha
		}
		refer := func(sha string) {
			t.Helper()
			if err := d.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return (&yard{}).refer(ctx, tx, sha) }); err != nil {
				t.Fatal(err)
			}
		}
		collect := func() {
			t.Helper()
			for _, key := range peer.Keys() {
				peer.Age(key, 48*time.Hour)
			}
			if _, err := blobgc.New(d, store, 24*time.Hour, nil).Collect(ctx); err != nil {
				t.Fatal(err)
			}
		}
		has := func(sha string) bool { return blob.Verify(ctx, store, sha) == nil }
		loose, late, kept := put("loose"), put("late"), put("kept")
		refer(kept)
		collect()
		if !has(loose) || !has(late) || !has(kept) {
			t.Fatalf("after one pass: loose %v, late %v, kept %v", has(loose), has(late), has(kept))
		}
		refer(late)
		collect()
		if has(loose) || !has(late) || !has(kept) {
			t.Errorf("after two: loose %v, late %v, kept %v", has(loose), has(late), has(kept))
		}
	})
}
