package s3

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"sort"
	"strings"
	"time"
)

// verify checks a request's signature and its body's digest; it returns S3's code for what is wrong, or "".
func verify(r *http.Request, body []byte) string {
	scheme, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if scheme != "AWS4-HMAC-SHA256" {
		return "AccessDenied"
	}
	part := map[string]string{}
	for p := range strings.SplitSeq(rest, ",") {
		k, v, _ := strings.Cut(strings.TrimSpace(p), "=")
		part[k] = v
	}
	scope := strings.Split(part["Credential"], "/") // key/date/region/service/aws4_request
	if len(scope) != 5 || scope[3] != "s3" || scope[4] != "aws4_request" {
		return "AuthorizationHeaderMalformed"
	}
	if scope[0] != AccessKey {
		return "InvalidAccessKeyId"
	}
	if scope[2] != Region {
		return "AuthorizationHeaderMalformed"
	}
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil || time.Since(at).Abs() > 15*time.Minute || at.Format("20060102") != scope[1] {
		return "RequestTimeTooSkewed"
	}
	sum := r.Header.Get("X-Amz-Content-Sha256")
	if sum != "UNSIGNED-PAYLOAD" && sum != digest(body) {
		return "XAmzContentSHA256Mismatch"
	}
	text := "AWS4-HMAC-SHA256\n" + r.Header.Get("X-Amz-Date") + "\n" + strings.Join(scope[1:], "/") + "\n" + digest([]byte(canonical(r, part["SignedHeaders"], sum)))
	key := []byte("AWS4" + SecretKey)
	for _, p := range scope[1:] {
		key = mac(key, p)
	}
	if !hmac.Equal([]byte(hex.EncodeToString(mac(key, text))), []byte(part["Signature"])) {
		return "SignatureDoesNotMatch"
	}
	return ""
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// canonical is the request as it is signed.
func canonical(r *http.Request, signed, sum string) string {
	var query []string
	for k, vs := range r.URL.Query() {
		for _, v := range vs {
			query = append(query, escape(k)+"="+escape(v))
		}
	}
	sort.Strings(query)
	var head strings.Builder
	for name := range strings.SplitSeq(signed, ";") {
		v := strings.Join(r.Header.Values(name), ",")
		if name == "host" {
			v = r.Host
		}
		head.WriteString(name + ":" + strings.Join(strings.Fields(v), " ") + "\n")
	}
	return r.Method + "\n" + r.URL.EscapedPath() + "\n" + strings.Join(query, "&") + "\n" + head.String() + "\n" + signed + "\n" + sum
}

func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
