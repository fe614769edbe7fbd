package blob_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/kanalhq/kanal/internal/blob"
)

func TestAPlaceRemembersWhoseFilesItKeeps(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	_, bucket := newS3(t)
	for name, s := range map[string]interface {
		blob.Store
		blob.Marked
	}{"disk": open(t, dir), "bucket": bucket} {
		if mark, err := s.Mark(ctx, ""); mark != "" || err != nil {
			t.Errorf("%s: before: %q, %v", name, mark, err)
		}
		var wg sync.WaitGroup
		got := make([]string, 8)
		for i := range got {
			wg.Go(func() {
				var err error
				if got[i], err = s.Mark(ctx, fmt.Sprint("mark ", i)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		now, err := s.Mark(ctx, "late")
		for _, g := range got {
			if g != now || err != nil || now == "late" {
				t.Errorf("%s: %q, now %q, %v", name, g, now, err)
			}
		}
		if err := s.List(ctx, "", func(i blob.Info) error { t.Error("the mark is listed as", i.SHA256); return nil }); err != nil {
			t.Error(err)
		}
	}
}
