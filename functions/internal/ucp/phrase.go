package ucp

import (
	"kassa/checkout"
	"kassa/checkout/pricing"
	"kassa/payments"
)

// reasons are the texts of payment_failed, by payments.Reason. None tells what a thief would like to know.
var reasons = map[string]text{
	string(payments.ReasonDeclined): {
		"Your bank has declined the payment. Please try another way to pay.",
		"Je bank heeft de betaling geweigerd. Probeer een andere betaalwijze.",
		"Banken har avvist betalingen. Prøv en annen betalingsmåte.",
		"Deine Bank hat die Zahlung abgelehnt. Bitte versuche eine andere Zahlungsart.",
		"Votre banque a refusé le paiement. Essayez un autre moyen de paiement."},
	string(payments.ReasonUseOtherMethod): {
		"This card can't be used for this payment. Please try another one.",
		"Deze kaart kan niet voor deze betaling worden gebruikt. Probeer een andere.",
		"Dette kortet kan ikke brukes til denne betalingen. Prøv et annet.",
		"Diese Karte geht für diese Zahlung nicht. Bitte versuche eine andere.",
		"Cette carte ne convient pas pour ce paiement. Essayez-en une autre."},
	string(payments.ReasonCardExpired): {
		"This card has expired. Please use another one.", "Deze kaart is verlopen. Gebruik een andere.",
		"Dette kortet er utløpt. Bruk et annet.",
		"Diese Karte ist abgelaufen. Bitte nimm eine andere.", "Cette carte a expiré. Utilisez-en une autre."},
	string(payments.ReasonCheckDetails): {
		"Something in the card's details is wrong. Please check them.", "Er klopt iets niet aan de kaartgegevens. Controleer ze.",
		"Noe i kortopplysningene er feil. Kontroller dem.", "In den Kartendaten stimmt etwas nicht. Bitte prüfe sie.",
		"Les données de la carte contiennent une erreur. Veuillez les vérifier."},
	string(payments.ReasonAuthenticate): {
		"Your bank could not confirm that it is you. Please try again.",
		"Je bank kon niet bevestigen dat jij het bent. Probeer het opnieuw.",
		"Banken kunne ikke bekrefte at det er deg. Prøv igjen.",
		"Deine Bank konnte nicht bestätigen, dass du es bist. Bitte versuche es noch einmal.",
		"Votre banque n'a pas pu vérifier votre identité. Veuillez réessayer."},
	string(payments.ReasonTryAgain): {
		"The payment did not work this time. Please try again.", "De betaling lukte deze keer niet. Probeer het opnieuw.",
		"Betalingen fungerte ikke denne gangen. Prøv igjen.", "Die Zahlung hat diesmal nicht geklappt. Bitte versuche es noch einmal.",
		"Le paiement n'a pas fonctionné cette fois. Veuillez réessayer."},
	string(payments.ReasonCheckExisting): {
		"It looks as if you have paid already. Please check your bank account first.",
		"Het lijkt erop dat je al hebt betaald. Controleer eerst je rekening.",
		"Det ser ut til at du allerede har betalt. Sjekk kontoen din først.",
		"Es sieht so aus, als hättest du schon bezahlt. Bitte prüfe zuerst dein Konto.",
		"Il semble que vous ayez déjà payé. Vérifiez d'abord votre compte."},
	string(payments.ReasonCanceled): {
		"The payment was not completed. You have not been charged.", "De betaling is niet afgerond. Er is niets afgeschreven.",
		"Betalingen ble ikke fullført. Du er ikke belastet.", "Die Zahlung wurde nicht abgeschlossen. Es wurde nichts abgebucht.",
		"Le paiement n'a pas été terminé. Vous n'avez pas été débité."},
	string(payments.ReasonAmountLimit): {
		"This amount can't be paid this way. Please try another one.",
		"Dit bedrag kan niet op deze manier worden betaald. Probeer een andere.",
		"Dette beløpet kan ikke betales på denne måten. Prøv en annen.",
		"Dieser Betrag kann so nicht bezahlt werden. Bitte versuche eine andere Zahlungsart.",
		"Ce montant ne peut pas être payé ainsi. Essayez un autre moyen."},
	string(payments.ReasonInvalidToken): {
		"The wallet's approval can't be used any more. Please pay again.",
		"De goedkeuring van de wallet is niet meer bruikbaar. Betaal opnieuw.",
		"Godkjenningen fra lommeboken kan ikke brukes lenger. Betal på nytt.",
		"Die Freigabe des Wallets ist nicht mehr gültig. Bitte bezahle noch einmal.",
		"L'autorisation du portefeuille n'est plus valable. Veuillez payer à nouveau."},
}

// faultTexts are the texts of those error responses that reach shoppers; all others speak to developers, in English.
var faultTexts = map[string]text{
	string(checkout.CodeCartLocked): {
		"This cart is being paid or has been paid.", "Deze winkelwagen wordt betaald of is al betaald.",
		"Denne handlekurven betales eller er betalt.",
		"Dieser Warenkorb wird gerade bezahlt oder ist schon bezahlt.", "Ce panier est en cours de paiement ou déjà payé."},
	string(checkout.CodeCartCanceled): {
		"This cart doesn't exist any more.", "Deze winkelwagen bestaat niet meer.", "Denne handlekurven finnes ikke lenger.",
		"Diesen Warenkorb gibt es nicht mehr.", "Ce panier n'existe plus."},
	string(checkout.CodePaymentInProgress): {
		"Your payment is being processed. Please wait a moment.", "Je betaling wordt verwerkt. Wacht even.",
		"Betalingen behandles. Vent litt.",
		"Deine Zahlung wird verarbeitet. Bitte warte einen Moment.", "Votre paiement est en cours de traitement. Patientez un instant."},
	string(checkout.CodeAlreadyCompleted): {
		"This purchase is complete already.", "Deze aankoop is al afgerond.", "Dette kjøpet er allerede fullført.",
		"Dieser Kauf ist schon abgeschlossen.", "Cet achat est déjà terminé."},
	string(checkout.CodeAlreadyCanceled): {
		"This checkout has ended. Please start anew.", "Deze afrekening is beëindigd. Begin opnieuw.",
		"Denne betalingsøkten er avsluttet. Begynn på nytt.",
		"Dieser Bezahlvorgang ist beendet. Bitte beginne neu.", "Cette session de paiement est terminée. Veuillez recommencer."},
	string(checkout.CodeRateLimited): {
		"Too many tries. Please wait a little.", "Te veel pogingen. Wacht even.", "For mange forsøk. Vent litt.",
		"Zu viele Versuche. Bitte warte ein wenig.", "Trop de tentatives. Patientez un peu."},
	string(checkout.CodeUnavailable): {
		"This doesn't work right now. Nothing was charged. Please try again.",
		"Dit lukt nu even niet. Er is niets afgeschreven. Probeer het opnieuw.",
		"Dette fungerer ikke akkurat nå. Ingenting er belastet. Prøv igjen.",
		"Das geht gerade nicht. Es wurde nichts abgebucht. Bitte versuche es noch einmal.",
		"Cela ne fonctionne pas pour l'instant. Rien n'a été débité. Veuillez réessayer."},
	string(checkout.CodeInternal): {
		"Something went wrong on our side. Please try again.", "Er ging bij ons iets mis. Probeer het opnieuw.",
		"Noe gikk galt hos oss. Prøv igjen.",
		"Bei uns ist etwas schiefgegangen. Bitte versuche es noch einmal.", "Une erreur s'est produite de notre côté. Veuillez réessayer."},
}

// codePrefix is what the codes of messages about discount codes begin with.
const codePrefix = "discount_code_"

// codeReasons are the texts of messages about discount codes, by pricing.Reason, where the code doesn't say enough.
var codeReasons = map[string]text{
	string(pricing.ReasonUnknown): {
		"We don't know the code {code}.", "De code {code} kennen we niet.", "Vi kjenner ikke koden {code}.",
		"Den Code {code} kennen wir nicht.",
		"Nous ne connaissons pas le code {code}."},
	string(pricing.ReasonNotYetValid): {
		"The code {code} can't be used yet.", "De code {code} is nog niet geldig.", "Koden {code} gjelder ikke ennå.",
		"Der Code {code} gilt noch nicht.",
		"Le code {code} n'est pas encore valable."},
	string(pricing.ReasonExpired): {
		"The code {code} has expired.", "De code {code} is verlopen.", "Koden {code} er utløpt.", "Der Code {code} ist abgelaufen.",
		"Le code {code} a expiré."},
	string(pricing.ReasonUsedUp): {
		"The code {code} has been used up.", "De code {code} is al gebruikt.", "Koden {code} er brukt opp.",
		"Der Code {code} ist aufgebraucht.",
		"Le code {code} a déjà été utilisé."},
	string(pricing.ReasonNotFirstOrder): {
		"The code {code} is for a first order.", "De code {code} is voor een eerste bestelling.", "Koden {code} gjelder første bestilling.",
		"Der Code {code} gilt für die erste Bestellung.", "Le code {code} est réservé à une première commande."},
	string(pricing.ReasonNotInCountry): {
		"The code {code} is not for this country.", "De code {code} geldt niet in dit land.", "Koden {code} gjelder ikke i dette landet.",
		"Der Code {code} gilt nicht in diesem Land.", "Le code {code} n'est pas valable dans ce pays."},
	string(pricing.ReasonNotForProducts): {
		"The code {code} is for other products.", "De code {code} geldt voor andere artikelen.", "Koden {code} gjelder andre varer.",
		"Der Code {code} gilt für andere Artikel.", "Le code {code} concerne d'autres articles."},
	string(pricing.ReasonWrongCurrency): {
		"The code {code} is not for this currency.", "De code {code} geldt niet voor deze valuta.",
		"Koden {code} gjelder ikke for denne valutaen.",
		"Der Code {code} gilt nicht für diese Währung.", "Le code {code} n'est pas valable dans cette monnaie."},
	string(pricing.ReasonMinimumNotReached): {
		"The code {code} needs products for {minimum} or more.", "Voor de code {code} is een bedrag van {minimum} nodig.",
		"Koden {code} gjelder fra {minimum}.", "Der Code {code} gilt ab {minimum}.", "Le code {code} est valable à partir de {minimum}."},
	string(pricing.ReasonNotCombinable): {
		"The code {code} can't be combined with your other discounts, which give as much or more.",
		"De code {code} gaat niet samen met je andere kortingen, die evenveel of meer geven.",
		"Koden {code} kan ikke kombineres med de andre rabattene dine, som gir like mye eller mer.",
		"Der Code {code} gilt nicht zusammen mit deinen anderen Rabatten, die gleich viel oder mehr bringen.",
		"Le code {code} ne se cumule pas avec vos autres réductions, qui donnent autant ou plus."},
	string(pricing.ReasonNoEffect): {
		"The code {code} takes nothing off here.", "De code {code} levert hier niets op.", "Koden {code} gir ingenting her.",
		"Der Code {code} bringt hier nichts.", "Le code {code} n'a aucun effet ici."},
}

// labels of what answers and sheets show.
var labels = map[string]text{
	"subtotal": {"Subtotal", "Subtotaal", "Delsum", "Zwischensumme", "Sous-total"},
	"discount": {"Discount", "Korting", "Rabatt", "Rabatt", "Réduction"},
	"pickup":   {"Pick-up", "Ophalen", "Henting", "Abholung", "Retrait"},
	"exempt":   {"VAT exempt", "Vrijgesteld van btw", "Unntatt mva.", "Steuerfrei", "Exonéré de TVA"},
	"collected": {"To collect from {from}", "Op te halen vanaf {from}", "Kan hentes fra {from}", "Abholbereit ab {from}",
		"À retirer dès le {from}"},
	"can_ship": {
		"Can be delivered to your address.", "Kan bij je worden bezorgd.", "Kan leveres hjem til deg.", "Kann zu dir geliefert werden.",
		"Peut être livré chez vous."},
	"can_collect": {
		"Can be collected in a store.", "Kan in een winkel worden opgehaald.", "Kan hentes i butikk.", "Kann im Geschäft abgeholt werden.",
		"Peut être retiré en magasin."},
	"reverse_charge": {"VAT reverse-charged", "Btw verlegd", "Omvendt avgiftsplikt", "Steuerschuldnerschaft des Leistungsempfängers",
		"Autoliquidation de la TVA"},
	"shipping":     {"Shipping", "Verzending", "Frakt", "Versand", "Livraison"},
	"vat":          {"VAT", "Btw", "Mva.", "MwSt.", "TVA"},
	"sales_tax":    {"Tax", "Belasting", "Avgift", "Steuer", "Taxe"},
	"net":          {"Excluding VAT", "Exclusief btw", "Uten mva.", "Ohne MwSt.", "Hors TVA"},
	"refund":       {"Refund", "Terugbetaling", "Refusjon", "Erstattung", "Remboursement"},
	"cancellation": {"Order canceled", "Bestelling geannuleerd", "Bestilling kansellert", "Bestellung storniert", "Commande annulée"},
	"withdrawn":    {"Withdrawal received", "Herroeping ontvangen", "Angring mottatt", "Widerruf eingegangen", "Rétractation reçue"},
	"dispute": {"Disputed with the bank", "Betwist bij de bank", "Bestridt hos banken", "Bei der Bank beanstandet",
		"Contesté auprès de la banque"},
	"total": {"Total", "Totaal", "Totalt", "Gesamtbetrag", "Total"},
	"item":  {"This item", "Dit artikel", "Denne varen", "Dieser Artikel", "Cet article"},
	"delivered": {"Delivery {from} – {to}", "Bezorging {from} – {to}", "Levering {from} – {to}", "Lieferung {from} – {to}",
		"Livraison {from} – {to}"},
	"on": {"Delivery {from}", "Bezorging {from}", "Levering {from}", "Lieferung {from}", "Livraison {from}"},
	"withdrawal": {
		"You may withdraw from this purchase within {days} days of receiving it, without giving a reason.",
		"Je kunt deze aankoop binnen {days} dagen na ontvangst herroepen, zonder een reden te geven.",
		"Du kan angre kjøpet innen {days} dager etter at du har mottatt varen, uten å oppgi noen grunn.",
		"Du kannst diesen Kauf innerhalb von {days} Tagen nach Erhalt widerrufen, ohne einen Grund zu nennen.",
		"Vous pouvez vous rétracter de cet achat dans les {days} jours suivant la réception, sans donner de motif."},
	"withdrawal_form": {"Withdrawal form", "Formulier voor herroeping", "Angreskjema", "Widerrufsformular", "Formulaire de rétractation"},
	// Directive 2011/83/EU, article 8(2): the words that it names, or others as plain, in each language as the national laws have them.
	"pay_button": {"Order with obligation to pay", "Bestelling met betalingsverplichting", "Bestilling med betalingsplikt",
		"Zahlungspflichtig bestellen", "Commande avec obligation de paiement"},
	"order": {"Order", "Bestelling", "Bestilling", "Bestellung", "Commande"},
	"order_placed": {"Placed on {day} {year}", "Geplaatst op {day} {year}", "Lagt inn {day} {year}", "Bestellt am {day} {year}",
		"Passée le {day} {year}"},
	"order_shipped": {"Shipped on {day} {year}", "Verzonden op {day} {year}", "Sendt {day} {year}", "Versandt am {day} {year}",
		"Expédiée le {day} {year}"},
	"order_signin": {
		"Addresses and names are not shown here. Open the order in the app to see them.",
		"Adressen en namen staan hier niet. Open de bestelling in de app om ze te zien.",
		"Adresser og navn vises ikke her. Åpne bestillingen i appen for å se dem.",
		"Adressen und Namen stehen hier nicht. Öffne die Bestellung in der App, um sie zu sehen.",
		"Les adresses et les noms ne sont pas affichés ici. Ouvrez la commande dans l'application pour les voir."},
	"link_terms_of_service": {"Terms", "Voorwaarden", "Vilkår", "AGB", "Conditions générales"},
	"link_privacy_policy":   {"Privacy", "Privacy", "Personvern", "Datenschutz", "Confidentialité"},
	"link_refund_policy":    {"Returns", "Retourneren", "Retur", "Rückgabe", "Retours"},
}

// fields are names of fields as shoppers know them, by their names on the wire; "" stands for all others.
var fields = map[string]text{
	"":                        {"your details", "je gegevens", "opplysningene dine", "deine Angaben", "vos coordonnées"},
	"email":                   {"e-mail address", "e-mailadres", "e-postadresse", "E-Mail-Adresse", "adresse e-mail"},
	"phone_number":            {"phone number", "telefoonnummer", "telefonnummer", "Telefonnummer", "numéro de téléphone"},
	"first_name":              {"first name", "voornaam", "fornavn", "Vorname", "prénom"},
	"last_name":               {"last name", "achternaam", "etternavn", "Nachname", "nom"},
	"destinations":            {"delivery address", "bezorgadres", "leveringsadresse", "Lieferadresse", "adresse de livraison"},
	"street_address":          {"street and number", "straat en huisnummer", "gateadresse", "Straße und Hausnummer", "rue et numéro"},
	"address_locality":        {"town", "plaats", "poststed", "Ort", "ville"},
	"address_region":          {"region", "provincie", "fylke", "Bundesland", "région"},
	"postal_code":             {"postcode", "postcode", "postnummer", "Postleitzahl", "code postal"},
	"address_country":         {"country", "land", "land", "Land", "pays"},
	"country":                 {"country", "land", "land", "Land", "pays"},
	"selected_destination_id": {"store to collect from", "winkel om op te halen", "hentebutikk", "Abholgeschäft", "magasin de retrait"},
	"selected_option_id":      {"delivery option", "bezorgoptie", "leveringsvalg", "Lieferart", "mode de livraison"},
	"payment":                 {"way to pay", "betaalwijze", "betalingsmåte", "Zahlungsart", "moyen de paiement"},
	"instruments":             {"way to pay", "betaalwijze", "betalingsmåte", "Zahlungsart", "moyen de paiement"},
	"line_items":              {"cart", "winkelwagen", "handlekurv", "Warenkorb", "panier"},
}

// months are abbreviated, January first.
var months = map[string][12]string{
	"en": {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
	"nl": {"jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec"},
	"nb": {"jan.", "feb.", "mars", "apr.", "mai", "juni", "juli", "aug.", "sep.", "okt.", "nov.", "des."},
	"de": {"Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sep.", "Okt.", "Nov.", "Dez."},
	"fr": {"janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."},
}
