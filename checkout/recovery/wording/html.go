package wording

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"regexp"
	"sync"
)

//go:embed letter.html
var letterHTML string

// page is the template of all e-mails. It is read when first needed, by a function that only who writes e-mails calls: a
// variable with an initializer would have every function carry html/template, for the sake of the settings of messages.
var page struct {
	once sync.Once
	is   *template.Template
	err  error
}

func letterPage() (*template.Template, error) {
	page.once.Do(func() {
		page.is, page.err = template.New("letter").Parse(regexp.MustCompile(betweenTags).ReplaceAllString(letterHTML, "$1$2"))
	})
	return page.is, page.err
}

// betweenTags is white space for those who edit the template; mail clients would have to carry it.
const betweenTags = `([>}])\s*\n\s*([<{])`

// clipped is where Gmail cuts a message off, and with it what stands last: who writes, and how to be left alone.
const clipped = 102 * 1024

// html is the letter for mail clients: tables and inline styles, since they know little else; no script, nothing loaded but pictures.
// html/template escapes all that is put in. What would be clipped is made again without pictures, and if that doesn't help, is refused.
func (l letter) html() (string, error) {
	t, err := letterPage()
	if err != nil {
		return "", fmt.Errorf("read letter.html: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, l); err != nil {
		return "", fmt.Errorf("write letter: %w", err)
	}
	if b.Len() <= clipped {
		return b.String(), nil
	}
	for i := range l.Items {
		l.Items[i].Picture = ""
	}
	b.Reset()
	if err := t.Execute(&b, l); err != nil {
		return "", fmt.Errorf("write letter: %w", err)
	}
	if b.Len() > clipped {
		return "", invalid("lines", fmt.Sprintf("make an e-mail of %d bytes, which is cut off in transit", b.Len()))
	}
	return b.String(), nil
}
