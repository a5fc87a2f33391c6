package main

import (
	_ "embed" // the page
	"html/template"
	"net/http"
	"slices"
	"strings"
)

//go:embed messages.html
var messagesHTML string

var messagesPage = template.Must(template.New("messages").Parse(messagesHTML))

// messages lists what was sent to people: as JSON, newest last, or to a browser as a page, newest first.
func (d dev) messages(w http.ResponseWriter, r *http.Request) {
	all := d.mailbox.all()
	w.Header().Set("Vary", "Accept")
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		answerJSON(w, http.StatusOK, map[string][]message{"messages": all})
		return
	}
	slices.Reverse(all)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	// E-mail is shown in frames in which nothing runs. Pictures come from the shop.
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src https:; frame-src 'self'")
	_ = messagesPage.Execute(w, all) // the browser may be gone
}
