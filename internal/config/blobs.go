package config

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/kanalhq/kanal/internal/desk"
)

// Blobs says where attachments and large originals are kept: a folder, or a bucket when Bucket is not empty.
type Blobs struct {
	Dir       string
	Bucket    string
	Prefix    string
	Endpoint  string // host:port
	Secure    bool
	Region    string
	PathStyle bool
}

const blobsForm = "--blobs must be a folder, or a bucket such as s3://bucket/prefix?endpoint=https://s3.example.com&region=eu-north-1&path_style=1."

// ParseBlobs reads --blobs. Empty is DIR/blobs. Without an endpoint it is Amazon's; an endpoint without a scheme is https.
func ParseBlobs(s, data string) (Blobs, error) {
	if s == "" {
		return Blobs{Dir: filepath.Join(data, "blobs")}, nil
	}
	rest, ok := strings.CutPrefix(s, "s3://")
	if !ok {
		if strings.Contains(s, "://") {
			return Blobs{}, bad("blobs", blobsForm, nil)
		}
		return Blobs{Dir: s}, nil
	}
	place, query, _ := strings.Cut(rest, "?")
	q, err := url.ParseQuery(query)
	if err != nil || strings.Contains(place, "@") {
		return Blobs{}, bad("blobs", blobsForm+" Credentials are KANAL_S3_ACCESS_KEY and KANAL_S3_SECRET_KEY.", nil)
	}
	bucket, prefix, _ := strings.Cut(place, "/")
	b := Blobs{Bucket: bucket, Prefix: strings.Trim(prefix, "/"), Region: q.Get("region"), Secure: true, Endpoint: "s3.amazonaws.com"}
	for k := range q {
		switch k {
		case "endpoint", "region", "path_style":
		default:
			return Blobs{}, bad("blobs", "--blobs knows endpoint, region and path_style, not "+k+".", nil)
		}
	}
	switch q.Get("path_style") {
	case "", "0", "false":
	case "1", "true":
		b.PathStyle = true
	default:
		return Blobs{}, bad("blobs", "The path_style of --blobs is 1 or 0.", nil)
	}
	if e := q.Get("endpoint"); e != "" {
		if !strings.Contains(e, "://") {
			e = "https://" + e
		}
		u, err := url.Parse(e)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.User != nil {
			return Blobs{}, bad("blobs", "The endpoint of --blobs must be an origin such as https://s3.example.com.", err)
		}
		b.Endpoint, b.Secure = u.Host, u.Scheme == "https"
	}
	if b.Region == "" {
		b.Region = "us-east-1"
	}
	if bucket == "" || strings.ContainsAny(bucket, " :%") || strings.Contains("/"+b.Prefix+"/", "/../") {
		return Blobs{}, bad("blobs", blobsForm, nil)
	}
	return b, nil
}

// S3Keys reads the credentials of a bucket: KANAL_S3_ACCESS_KEY and KANAL_S3_SECRET_KEY, or the files that the same names with _FILE name.
func S3Keys(getenv func(string) string) (access, secret string, err error) {
	for _, k := range []struct {
		env string
		to  *string
	}{{"KANAL_S3_ACCESS_KEY", &access}, {"KANAL_S3_SECRET_KEY", &secret}} {
		*k.to = strings.TrimSpace(getenv(k.env))
		if file := getenv(k.env + "_FILE"); *k.to == "" && file != "" {
			b, err := os.ReadFile(file)
			if err != nil {
				return "", "", desk.Errorf(desk.Invalid, "config.s3_keys", "%s_FILE cannot be read: %v.", k.env, err).In(k.env + "_FILE").Because(err)
			}
			*k.to = strings.TrimSpace(string(b))
		}
		if *k.to == "" {
			return "", "", desk.Errorf(desk.Invalid, "config.s3_keys", "A bucket needs credentials: set KANAL_S3_ACCESS_KEY and KANAL_S3_SECRET_KEY, or name files that hold them with KANAL_S3_ACCESS_KEY_FILE and KANAL_S3_SECRET_KEY_FILE.").In(k.env)
		}
	}
	return access, secret, nil
}
