package ucp

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"strconv"
	"strings"
	"time"

	"kassa/checkout"
)

// PageType is that of the pages that people look at.
const PageType = "text/html; charset=utf-8"

// pageStyle is all the style that the order's page has; its hash is what the page's policy lets in.
const pageStyle = `body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:34rem;padding:1.5rem 1rem;color:#1b1b1b;background:#fff}
h1{font-size:1.3rem;margin:0}table{width:100%;border-collapse:collapse;margin:1rem 0}
td{padding:.35rem 0;border-bottom:1px solid #ddd;vertical-align:top}td:last-child{text-align:right;white-space:nowrap}
tr.total td{font-weight:600}tr.part td{color:#555;font-size:.9rem}p{margin:.6rem 0}nav a{margin-right:1rem}
@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}td{border-color:#444}tr.part td{color:#aaa}a{color:#9cf}}`

// PageHeaders let a page of ours do nothing but look as it does: no script, no frame, no picture, and no word of its address to
// whom it links to. Search engines are kept off.
var PageHeaders = map[string]string{
	"Content-Security-Policy": "default-src 'none'; style-src 'sha256-" + styleHash() +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	"Referrer-Policy":           "no-referrer",
	"Strict-Transport-Security": "max-age=31536000",
	"X-Frame-Options":           "DENY",
	"X-Robots-Tag":              "noindex, nofollow",
}

func styleHash() string {
	sum := sha256.Sum256([]byte(pageStyle))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// OrderPage returns the public page of an order, in a language: what was bought and what it cost, and what the law and the shop
// promise. Nothing about the person: whoever has the link sees it.
func (w *Wire) OrderPage(language string, v checkout.SessionView) []byte {
	s, x := speaker{language}, v.Session
	var p page
	title := w.shop.Name + " · " + s.label("order")
	p.raw(`<!doctype html><html lang="`).text(language)
	p.raw(`"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>`)
	p.text(title).raw(`</title><style>`).raw(pageStyle).raw(`</style></head><body><h1>`).text(title).raw(`</h1><p>`).text(x.Order.ID).raw(`<br>`)
	p.text(s.dated("order_placed", x.Order.PlacedAt)).raw(`</p>`)
	s.happened(&p, x)
	p.raw(`<table>`)
	for _, l := range x.Quote.Lines {
		p.row("", strconv.FormatInt(l.Quantity, 10)+" × "+l.Title, s.shown(l.Subtotal))
	}
	for _, t := range s.totals(x.Quote) {
		if t.Type == typeTotal {
			p.row("total", t.Text, t.Display)
		} else {
			p.row("", t.Text, t.Display)
		}
		for _, part := range t.Lines {
			p.row("part", part.Text, part.Display)
		}
	}
	p.raw(`</table>`)
	if d := w.withdrawal(s, x.Order.WithdrawalDays); d != nil {
		p.raw(`<p>`).text(d.Text).raw(` `).link(d.Form, s.label("withdrawal_form")).raw(`</p>`)
	}
	p.raw(`<p>`).text(s.label("order_signin")).raw(`</p><nav>`)
	for _, l := range w.shop.Links {
		if l.Type != linkWithdrawal {
			p.link(l.URL, s.linkTitle(l)).raw(` `)
		}
	}
	p.raw(`</nav></body></html>`)
	return []byte(p.String())
}

func (s speaker) dated(label string, at time.Time) string {
	return fill(s.label(label), map[string]string{"day": s.day(at), "year": strconv.Itoa(at.Year())})
}

// happened writes what became of the order. Tracking is left out, for carriers show where a parcel went; and disputes are between
// the shop and a bank.
func (s speaker) happened(p *page, x checkout.Session) {
	for _, f := range x.Order.Fulfillments {
		p.raw(`<p>`).text(s.dated("order_shipped", f.At)).raw(`</p>`)
	}
	for _, a := range s.adjustments(x) {
		if a.Type == adjustedDispute || a.Status == statusFailed {
			continue
		}
		p.raw(`<p>`).text(s.day(a.At) + " " + strconv.Itoa(a.At.Year()) + ": " + a.Description)
		for _, t := range a.Totals {
			p.text(" " + t.Display)
		}
		p.raw(`</p>`)
	}
}

// linkTitle names a link: as the shop does, else as its kind is called.
func (s speaker) linkTitle(l checkout.Link) string {
	if _, known := labels["link_"+l.Type]; known {
		return s.label("link_" + l.Type)
	}
	if l.Title != "" {
		return l.Title
	}
	return l.URL
}

// page is HTML that is being written. (html/template finds methods by name, so that the linker could drop none of any type.)
type page struct{ strings.Builder }

func (p *page) raw(markup string) *page {
	_, _ = p.WriteString(markup) // a builder never fails
	return p
}

func (p *page) text(s string) *page { return p.raw(html.EscapeString(s)) }

// link writes a link to a page of the shop's settings, which are https.
func (p *page) link(url, title string) *page {
	return p.raw(`<a href="`).text(url).raw(`" rel="noopener noreferrer">`).text(title).raw(`</a>`)
}

func (p *page) row(class, label, amount string) {
	p.raw(`<tr`)
	if class != "" {
		p.raw(` class="`).raw(class).raw(`"`)
	}
	p.raw(`><td>`).text(label).raw(`</td><td>`).text(amount).raw("</td></tr>\n")
}
