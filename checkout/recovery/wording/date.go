package wording

import (
	"strconv"
	"time"
)

// months and weekdays are CLDR's wide forms, as they stand in a sentence.
var months = map[string][12]string{
	"en": {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
	"nl": {"januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december"},
	"nb": {"januar", "februar", "mars", "april", "mai", "juni", "juli", "august", "september", "oktober", "november", "desember"},
	"de": {"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"},
	"fr": {"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"},
}

var weekdays = map[string][7]string{
	"en": {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
	"nl": {"zondag", "maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag"},
	"nb": {"søndag", "mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag"},
	"de": {"Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"},
	"fr": {"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"},
}

// day is the date of an instant, in the instant's own zone, with its year.
func day(language string, t time.Time) string {
	return dayOfMonth(language, t) + nbsp + months[language][t.Month()-1] + " " + strconv.Itoa(t.Year())
}

// weekday is a date that is near: with the day of the week, without the year.
func weekday(language string, t time.Time) string {
	name, between := weekdays[language][t.Weekday()], " "
	if language == "de" {
		between = ", "
	}
	return name + between + dayOfMonth(language, t) + nbsp + months[language][t.Month()-1]
}

func dayOfMonth(language string, t time.Time) string {
	number := strconv.Itoa(t.Day())
	switch {
	case language == "de", language == "nb":
		return number + "."
	case language == "fr" && number == "1":
		return "1er"
	}
	return number
}

// zoneOf names the zone that an instant is told in, since readers travel and zones are guessed: by its abbreviation where it has one,
// else by its offset.
func zoneOf(t time.Time) string {
	name, offset := t.Zone()
	if name != "" && name[0] != '+' && name[0] != '-' {
		return name
	}
	sign := "+"
	if offset < 0 {
		sign, offset = "−", -offset
	}
	text := "UTC" + sign + strconv.Itoa(offset/3600)
	if minutes := offset % 3600 / 60; minutes != 0 {
		text += ":" + strconv.Itoa(100 + minutes)[1:]
	}
	return text
}
