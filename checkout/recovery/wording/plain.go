package wording

import "strings"

// plain is the letter as plain text, for clients and readers that want no HTML.
func (l letter) plain() string {
	colon := ":"
	if l.Language == "fr" {
		colon = nbsp + ":"
	}
	var b strings.Builder
	block := func(lines ...string) {
		if text := strings.Join(lines, "\n"); text != "" {
			b.WriteString(text + "\n\n")
		}
	}
	if l.Heading != l.Subject {
		block(l.Heading)
	}
	block(l.Number)
	block(l.Greeting)
	for _, p := range l.Intro {
		block(p)
	}
	if c := l.Code; c != nil {
		block(c.Offer)
		block(c.Label + colon + " " + c.Code)
		block(c.Until)
	}
	var items []string
	for _, i := range l.Items {
		line := "– " + i.Title
		switch {
		case i.Total != "":
			line += "\n  " + i.Quantity + " = " + i.Total
		case i.Quantity != "":
			line = "– " + i.Quantity + " " + i.Title
		}
		items = append(items, line)
	}
	block(items...)
	var sums []string
	for _, s := range l.Sums {
		sums = append(sums, s.Label+colon+" "+s.Value)
	}
	block(sums...)
	block(l.Button.Text + colon + "\n" + l.Button.URL)
	block(l.Note)
	for _, s := range l.Sections {
		block(append([]string{strings.ToUpper(s.Title)}, s.lines()...)...)
	}
	b.WriteString("-- \n") // RFC 3676 §4.3: below it stands who writes
	block(l.Footer...)
	if l.Leave != nil {
		block(l.LeaveText + " " + l.Leave.Text + colon + "\n" + l.Leave.URL)
	}
	var links []string
	for _, at := range l.Links {
		links = append(links, at.Text+colon+" "+at.URL)
	}
	block(links...)
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// lines are a section's, its table in words.
func (s section) lines() []string {
	var lines []string
	for i, cells := range s.Table {
		if i == 0 {
			continue
		}
		parts := []string{cells[0]}
		for at := 1; at < len(cells); at++ {
			parts = append(parts, s.Table[0][at]+" "+cells[at])
		}
		lines = append(lines, strings.Join(parts, ", "))
	}
	return append(lines, s.Paragraphs...)
}
