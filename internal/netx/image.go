package netx

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// MaxImage is the largest image the proxy fetches, in bytes.
const MaxImage = 10 << 20

// ErrNotImage is returned for an answer that is not a raster image.
var ErrNotImage = fmt.Errorf("netx: the answer is not an image that may be shown")

// Images fetches remote images for the image proxy.
type Images struct{ client *http.Client }

// NewImages makes a fetcher behind a guard. Use the zero Guard: addresses come from strangers' mail.
func NewImages(g Guard) *Images {
	return &Images{client: g.HTTP(HTTPOptions{Timeout: 20 * time.Second, MaxBody: MaxImage, MaxRedirects: 3})}
}

// Fetch fetches a remote image. The type is sniffed from the bytes, never taken from the answer; only raster types pass (no SVG: it carries script). No cookie,
// referrer or credential is sent. Errors: ErrPrivate, ErrTooBig, ErrScheme, ErrNotImage, or the transport's.
func (f *Images) Fetch(ctx context.Context, rawURL string) (contentType string, data []byte, err error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return "", nil, fmt.Errorf("netx: fetch image: %w", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return "", nil, ErrScheme
	}
	u.User, u.Fragment = nil, ""
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return "", nil, fmt.Errorf("netx: fetch image: %w", err)
	}
	req.Header.Set("Accept", "image/png,image/jpeg,image/gif,image/webp,image/*;q=0.5")
	resp, err := f.client.Do(req)
	if err != nil {
		return "", nil, fmt.Errorf("netx: fetch image: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", nil, fmt.Errorf("netx: fetch image: the server answered %s", resp.Status)
	}
	data, err = io.ReadAll(resp.Body)
	if err != nil {
		return "", nil, fmt.Errorf("netx: fetch image: %w", err)
	}
	t := SniffImage(data)
	if t == "" {
		return "", nil, ErrNotImage
	}
	return t, data, nil
}

// SniffImage names the raster image type of data, or "" when it is none.
func SniffImage(data []byte) string {
	t := http.DetectContentType(data)
	switch {
	case t == "image/png", t == "image/jpeg", t == "image/gif", t == "image/webp", t == "image/bmp", t == "image/x-icon":
		return t
	case len(data) > 12 && bytes.Equal(data[4:8], []byte("ftyp")) && strings.HasPrefix(string(data[8:12]), "avi"):
		return "image/avif"
	}
	return ""
}
