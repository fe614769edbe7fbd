package agent

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/view"

	"context"
)

func (a *agents) mountFiles() {
	const tag = "Files"
	a.server.Raw(api.Op{Method: "POST", Path: "/api/attachments", ID: "uploadAttachment", Tag: tag, Summary: "Upload a file to send later", Status: 201, Errors: []int{413},
		Description: "The body is the file itself, with `?name=`, or a multipart form with one file. It belongs to nobody else until it is sent."},
		[]*huma.Param{api.QueryParam("name", "The file's name, for a raw body."), api.QueryParam("inline", "1: a picture inside the text.")},
		api.Media{Type: "application/octet-stream", Description: "The file, or a multipart form."}, api.Media{JSON: reflect.TypeFor[desk.Attachment](), Description: "The file as kept."}, a.upload)
	a.server.Raw(api.Op{Method: "GET", Path: "/api/attachments/{id}", ID: "getAttachment", Tag: tag, Summary: "Download a file", Errors: []int{401, 403, 404},
		Description: "Downloaded, never opened, unless it is a picture and `inline=1`. Ranges work."},
		[]*huma.Param{api.PathParam("id", "The file."), api.QueryParam("inline", "1: show a picture."), api.QueryParam("sig", "Instead of a session, for frames.")},
		api.Media{}, api.Media{Type: "application/octet-stream", Description: "The bytes."}, a.download)
	a.server.Raw(api.Op{Method: "GET", Path: "/api/proxy/image", ID: "proxyImage", Tag: tag, Summary: "A remote image of a message", Errors: []int{403, 404}},
		[]*huma.Param{api.QueryParam("u", "The image's address."), api.QueryParam("sig", "Its signature, made by the message's frame.")}, api.Media{}, api.Media{Type: "image/*", Description: "The image."}, a.image)
}

func (a *agents) upload(w http.ResponseWriter, r *http.Request, v access.Viewer) {
	api.Body(w, r, a.MaxUpload+1<<20)
	att, err := a.keep(r, v)
	if err != nil {
		if api.TooLarge(err) {
			err = desk.Errorf(desk.TooLarge, "attachment.too_large", "A file may have at most %d MB.", a.MaxUpload>>20)
		}
		a.server.Fail(w, r, err)
		return
	}
	a.server.JSON(w, http.StatusCreated, att)
}

// keep stores the bytes, then the row: bytes without a row are collected later, a row without bytes never is.
func (a *agents) keep(r *http.Request, v access.Viewer) (desk.Attachment, error) {
	name, kind, body, err := incoming(r)
	if err != nil {
		return desk.Attachment{}, err
	}
	head := make([]byte, 512)
	n, err := io.ReadFull(body, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return desk.Attachment{}, err
	}
	head = head[:n]
	if n == 0 {
		return desk.Attachment{}, desk.Errorf(desk.Invalid, "attachment.empty", "The file is empty.")
	}
	sniffed := http.DetectContentType(head)
	if kind == "" || kind == "application/octet-stream" || strings.HasPrefix(sniffed, "image/") {
		kind = sniffed
	}
	sha, size, err := a.Blobs.Put(r.Context(), io.MultiReader(strings.NewReader(string(head)), body))
	if err != nil {
		return desk.Attachment{}, err
	}
	if size > a.MaxUpload {
		return desk.Attachment{}, desk.Errorf(desk.TooLarge, "attachment.too_large", "A file may have at most %d MB.", a.MaxUpload>>20)
	}
	return db.Written(r.Context(), a.DB, func(ctx context.Context, tx *db.Tx) (desk.Attachment, error) {
		return a.Threads.Upload(ctx, tx, v.User.ID, desk.Attachment{Name: name, Type: kind, Size: size, SHA256: sha, Inline: r.URL.Query().Get("inline") == "1"})
	})
}

// incoming is the file of a request: its body, or the first file of a form. A form is read as it comes, never kept in memory.
func incoming(r *http.Request) (name, kind string, body io.Reader, err error) {
	media, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if media != "multipart/form-data" {
		name = r.URL.Query().Get("name")
		if name == "" {
			name = "file"
		}
		return name, media, r.Body, nil
	}
	form := multipart.NewReader(r.Body, params["boundary"])
	for {
		part, err := form.NextPart()
		if err != nil {
			return "", "", nil, desk.Errorf(desk.Invalid, "attachment.missing", "The form holds no file.").Because(err)
		}
		if part.FileName() != "" {
			return part.FileName(), part.Header.Get("Content-Type"), part, nil
		}
	}
}

// shown are the types that a browser may show from here: pictures that carry no script.
var shown = map[string]bool{"image/png": true, "image/jpeg": true, "image/gif": true, "image/webp": true, "image/avif": true}

func (a *agents) download(w http.ResponseWriter, r *http.Request, _ access.Viewer) {
	f, err := a.mayOpenFile(r)
	if err != nil {
		a.server.Fail(w, r, err)
		return
	}
	if f.SHA256 == "" {
		a.server.Fail(w, r, desk.Errorf(desk.NotFound, "attachment.pending", "This file has not been fetched yet."))
		return
	}
	bytes, err := a.Blobs.Open(r.Context(), f.SHA256)
	if err != nil {
		a.server.Fail(w, r, err)
		return
	}
	defer bytes.Close()
	if err := whole(bytes, f); err != nil {
		a.Log.Error("a stored file is damaged", "attachment_id", f.ID, "sha256", f.SHA256, "err", err)
		a.server.Fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	disposition := "attachment"
	media, _, _ := mime.ParseMediaType(f.Type)
	if shown[media] {
		h.Set("Content-Type", media)
		if r.URL.Query().Get("inline") == "1" {
			disposition = "inline"
		}
	}
	h.Set("Content-Disposition", contentDisposition(disposition, f.Name))
	h.Set("Content-Security-Policy", api.FilePolicy)
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // a message's frame has an opaque origin
	h.Set("Cache-Control", "private, max-age=86400")
	h.Set("ETag", `"`+f.SHA256+`"`)
	http.ServeContent(w, r, "", f.CreatedAt.Time(), bytes)
}

// whole refuses a file of which only a part is there: half of a document handed out as the document is worse than none.
func whole(bytes io.Seeker, f view.File) error {
	size, err := bytes.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = bytes.Seek(0, io.SeekStart)
	}
	if err == nil && size != f.Size {
		err = desk.Errorf(desk.NotFound, "blob.damaged", "The stored file is damaged: %d of its %d bytes are there. It can be restored from a backup of the files.", size, f.Size)
	}
	return err
}

// mayOpenFile is the file of a path, for who holds a signed address or may see its message.
func (a *agents) mayOpenFile(r *http.Request) (view.File, error) {
	id, err := desk.ParseID[desk.AttachmentID](r.PathValue("id"))
	if err != nil {
		return view.File{}, desk.Errorf(desk.NotFound, "attachment.not_found", "There is no such file, or you may not see it.")
	}
	if sig := r.URL.Query().Get("sig"); sig != "" {
		if err := a.server.Signed(signFile, id.String(), sig); err != nil {
			return view.File{}, err
		}
		return a.View.Attachment(r.Context(), view.Everything, id)
	}
	if err := a.server.Admitted(r); err != nil {
		return view.File{}, err
	}
	v, err := a.server.Viewer(r.Context(), api.Credential(r))
	if err != nil {
		return view.File{}, err
	}
	if err := v.Need(access.TicketsView); err != nil {
		return view.File{}, err
	}
	return a.View.Attachment(r.Context(), view.SightOf(v), id)
}

// contentDisposition writes a file's name so that every browser reads it (RFC 6266).
func contentDisposition(kind, name string) string {
	if s := mime.FormatMediaType(kind, map[string]string{"filename": name}); s != "" {
		return s
	}
	return kind
}
