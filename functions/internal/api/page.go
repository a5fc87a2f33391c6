package api

import (
	"bytes"
	"html/template"
	"sync"

	"kassa/functions/internal/edge"
	"kassa/functions/internal/ucp"
)

// layout has no script, and asks for nothing elsewhere. It is parsed for the first page: most environments show none.
var layout = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("page").Parse(`<!doctype html>
<html lang="{{.Language}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>{{.Text.Title}}</title>
<style>body{font:18px/1.5 system-ui,sans-serif;max-width:32em;margin:15vh auto;padding:0 1.5em;color:#222}
a,button{font:inherit;display:inline-block;margin:.5em .5em 0 0;padding:.6em 1.2em;border:0;border-radius:.4em;background:#222;color:#fff;
text-decoration:none;cursor:pointer}
button.more{background:#eee;color:#222}</style></head>
<body><main><h1>{{.Text.Title}}</h1><p>{{.Text.Text}}</p>
{{- if and .Text.Button .Link}}<p><a href="{{.Link}}" rel="noreferrer">{{.Text.Button}}</a></p>
{{- else if .Text.Button}}<form method="post"><button>{{.Text.Button}}</button>
{{- if .Text.All}}<button class="more" name="all" value="1">{{.Text.All}}</button>{{end}}</form>
{{- end}}</main></body></html>
`))
})

// private keeps the token in a page's address from leaking by a referrer, and the page out of frames and search.
var private = map[string]string{
	"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
	"Referrer-Policy":         "no-referrer",
	"X-Robots-Tag":            "noindex, nofollow",
}

// page answers a page in the reader's language, else in the shop's own.
func page(w *ucp.Wire, r *edge.Request, status int, kind pageKind, link string) edge.Answer {
	language := w.Language(r.Language)
	var out bytes.Buffer
	_ = layout().Execute(&out, struct {
		Language, Link string
		Text           pageText
	}{language, link, pages[language][kind]}) // into memory, of text alone: it can't fail
	return edge.Answer{Status: status, Text: out.Bytes(), Type: "text/html; charset=utf-8", Header: private}
}
