// Package wording puts messages to people into words, in nl, nb, en, de and fr: what is said to somebody who left a cart, and what an
// order needs told. It is a pure function of facts, so that a message that is tried again says the same.
//
// A text is a pattern with fields in braces, such as {shop}, and plurals by CLDR's rules for cardinals, in the syntax of ICU's
// MessageFormat without its quotes:
//
//	{count, plural, one {# item} other {# items}}
//
// The texts lie in texts/, a file for each language. A shop replaces any of them by its key (Settings.Texts), and what it writes is
// held against the same rules when its settings are taken in. What a text is filled with, and a shop's own text too, is escaped where
// it becomes HTML: no text can bring markup into a message.
package wording
