package wording

import (
	"html/template"
	"math"
	"strconv"
)

// paint are the colours of an e-mail.
type paint struct {
	Brand template.CSS // behind the button
	On    template.CSS // the button's text
	Ink   template.CSS // the brand's colour as text on white, or what is near enough to read
}

const ink = "#1a1a1a"

// painted takes the brand's colour, where people can read it: text needs a contrast of 4.5 to its ground (WCAG 2.2, 1.4.3).
func painted(brand string) paint {
	if !isColour(brand) {
		return paint{ink, "#ffffff", ink}
	}
	p := paint{Brand: template.CSS(brand), On: "#ffffff", Ink: ink} //nolint:gosec // it is #RRGGBB
	light := luminance(brand)
	if contrast(light, 1) < 4.5 && contrast(light, luminance(ink)) > contrast(light, 1) {
		p.On = ink
	}
	if contrast(light, 1) >= 4.5 {
		p.Ink = p.Brand
	}
	return p
}

// contrast is that of two luminances, 1 to 21.
func contrast(a, b float64) float64 { return (max(a, b) + 0.05) / (min(a, b) + 0.05) }

// luminance is the relative one of WCAG, of a colour in #RRGGBB.
func luminance(hex string) float64 {
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		part, err := strconv.ParseUint(hex[1+2*i:3+2*i], 16, 8)
		if err != nil {
			return 0
		}
		c := float64(part) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
