package api

// pageKind names a page for people who come by a link in a message.
type pageKind string

const (
	pageReturn       pageKind = "return"
	pageUnsubscribe  pageKind = "unsubscribe"
	pageUnsubscribed pageKind = "unsubscribed"
	pageSilenced     pageKind = "silenced"
	pageConfirm      pageKind = "confirm"
	pageConfirmed    pageKind = "confirmed"
	pageDead         pageKind = "dead"
)

// pageText is what a page says. A button without Link submits the page's form.
type pageText struct{ Title, Text, Button, All string }

// pages are in the languages that shops speak; en is for all others.
var pages = map[string]map[pageKind]pageText{
	"en": {
		pageReturn: {"Your cart is waiting", "Open the app to go on where you stopped.", "Open the app", ""},
		pageUnsubscribe: {
			"No more reminders?",
			"We will no longer send you e-mails about carts that you leave. Messages about your orders still come.",
			"Stop these e-mails", "Stop reminders on every channel",
		},
		pageUnsubscribed: {"Done", "You will get no more reminders by e-mail.", "", ""},
		pageSilenced:     {"Done", "You will get no more reminders.", "", ""},
		pageConfirm: {
			"Is this your address?",
			"Confirm that we may write to you about carts that you leave. You can stop that at any time.",
			"Yes, confirm", "",
		},
		pageConfirmed: {"Thank you", "Your address is confirmed.", "", ""},
		pageDead:      {"This link has expired", "It leads nowhere any more.", "", ""},
	},
	"nl": {
		pageReturn: {"Je winkelmand wacht op je", "Open de app om verder te gaan waar je was gebleven.", "Open de app", ""},
		pageUnsubscribe: {
			"Geen herinneringen meer?",
			"We mailen je niet meer over winkelmanden die je achterlaat. Berichten over je bestellingen blijven komen.",
			"Stop deze e-mails", "Stop herinneringen op elk kanaal",
		},
		pageUnsubscribed: {"Gelukt", "Je krijgt geen herinneringen meer per e-mail.", "", ""},
		pageSilenced:     {"Gelukt", "Je krijgt geen herinneringen meer.", "", ""},
		pageConfirm: {
			"Is dit jouw adres?",
			"Bevestig dat we je mogen schrijven over winkelmanden die je achterlaat. Je kunt dat altijd stoppen.",
			"Ja, bevestigen", "",
		},
		pageConfirmed: {"Bedankt", "Je adres is bevestigd.", "", ""},
		pageDead:      {"Deze link is verlopen", "Hij leidt nergens meer naartoe.", "", ""},
	},
	"nb": {
		pageReturn: {"Handlekurven venter", "Åpne appen for å fortsette der du slapp.", "Åpne appen", ""},
		pageUnsubscribe: {
			"Ingen flere påminnelser?",
			"Vi sender deg ikke lenger e-post om handlekurver du forlater. Meldinger om bestillingene dine kommer fortsatt.",
			"Stopp disse e-postene", "Stopp påminnelser i alle kanaler",
		},
		pageUnsubscribed: {"Ferdig", "Du får ingen flere påminnelser på e-post.", "", ""},
		pageSilenced:     {"Ferdig", "Du får ingen flere påminnelser.", "", ""},
		pageConfirm: {
			"Er dette adressen din?",
			"Bekreft at vi kan skrive til deg om handlekurver du forlater. Du kan stoppe det når som helst.",
			"Ja, bekreft", "",
		},
		pageConfirmed: {"Takk", "Adressen din er bekreftet.", "", ""},
		pageDead:      {"Denne lenken er utløpt", "Den fører ikke lenger noe sted.", "", ""},
	},
	"de": {
		pageReturn: {"Dein Warenkorb wartet", "Öffne die App und mach dort weiter, wo du aufgehört hast.", "App öffnen", ""},
		pageUnsubscribe: {
			"Keine Erinnerungen mehr?",
			"Wir schicken dir keine E-Mails mehr über Warenkörbe, die du verlässt. Nachrichten zu deinen Bestellungen kommen weiterhin.",
			"Diese E-Mails beenden", "Erinnerungen auf allen Kanälen beenden",
		},
		pageUnsubscribed: {"Erledigt", "Du bekommst keine Erinnerungen mehr per E-Mail.", "", ""},
		pageSilenced:     {"Erledigt", "Du bekommst keine Erinnerungen mehr.", "", ""},
		pageConfirm: {
			"Ist das deine Adresse?",
			"Bestätige, dass wir dir über Warenkörbe schreiben dürfen, die du verlässt. Du kannst das jederzeit beenden.",
			"Ja, bestätigen", "",
		},
		pageConfirmed: {"Danke", "Deine Adresse ist bestätigt.", "", ""},
		pageDead:      {"Dieser Link ist abgelaufen", "Er führt nirgendwohin mehr.", "", ""},
	},
	"fr": {
		pageReturn: {"Votre panier vous attend", "Ouvrez l’application pour reprendre là où vous vous êtes arrêté.", "Ouvrir l’application", ""},
		pageUnsubscribe: {
			"Plus de rappels ?",
			"Nous ne vous enverrons plus d’e-mails au sujet des paniers que vous laissez. Les messages sur vos commandes continueront.",
			"Arrêter ces e-mails", "Arrêter les rappels sur tous les canaux",
		},
		pageUnsubscribed: {"C’est fait", "Vous ne recevrez plus de rappels par e-mail.", "", ""},
		pageSilenced:     {"C’est fait", "Vous ne recevrez plus de rappels.", "", ""},
		pageConfirm: {
			"Est-ce votre adresse ?",
			"Confirmez que nous pouvons vous écrire au sujet des paniers que vous laissez. Vous pouvez l’arrêter à tout moment.",
			"Oui, confirmer", "",
		},
		pageConfirmed: {"Merci", "Votre adresse est confirmée.", "", ""},
		pageDead:      {"Ce lien a expiré", "Il ne mène plus nulle part.", "", ""},
	},
}
