package ucp

import "kassa/checkout"

// text is one sentence in each language that Kassa speaks. Numbers stand where no noun follows their plural.
type text struct{ en, nl, nb, de, fr string }

func (t text) in(language string) string {
	switch language {
	case "nl":
		return t.nl
	case "nb":
		return t.nb
	case "de":
		return t.de
	case "fr":
		return t.fr
	}
	return t.en
}

// texts of messages that shoppers read, by code.
var texts = map[string]text{
	checkout.MsgNotFound: {
		"{title} is not in our range.", "{title} zit niet in ons assortiment.", "{title} finnes ikke i sortimentet vårt.",
		"{title} ist nicht in unserem Sortiment.", "{title} ne fait pas partie de notre offre."},
	checkout.MsgItemUnavailable: {
		"{title} is not for sale at the moment.", "{title} is op dit moment niet te koop.", "{title} er ikke til salgs akkurat nå.",
		"{title} ist zurzeit nicht erhältlich.", "{title} n'est pas en vente en ce moment."},
	checkout.MsgOutOfStock: {
		"{title} is sold out.", "{title} is uitverkocht.", "{title} er utsolgt.", "{title} ist ausverkauft.", "{title} est épuisé."},
	checkout.MsgQuantityAdjusted: {
		"{title}: quantity changed from {requested} to {quantity}, because that is all we have.",
		"{title}: aantal aangepast van {requested} naar {quantity}, want meer hebben we niet.",
		"{title}: antallet er endret fra {requested} til {quantity}, for det er alt vi har.",
		"{title}: Anzahl von {requested} auf {quantity} geändert, mehr ist nicht vorrätig.",
		"{title} : quantité ramenée de {requested} à {quantity}, c'est tout ce qu'il nous reste."},
	checkout.MsgLineMerged: {
		"From your other cart: {title} ({quantity}).", "Uit je andere winkelwagen: {title} ({quantity}).",
		"Fra den andre handlekurven din: {title} ({quantity}).", "Aus deinem anderen Warenkorb: {title} ({quantity}).",
		"De votre autre panier : {title} ({quantity})."},
	checkout.MsgLowStock: {
		"{title}: you want {requested}, in stock: {quantity}.", "{title}: gewenst aantal {requested}, op voorraad: {quantity}.",
		"{title}: ønsket antall {requested}, på lager: {quantity}.", "{title}: gewünschte Anzahl {requested}, auf Lager: {quantity}.",
		"{title} : quantité souhaitée {requested}, en stock : {quantity}."},
	checkout.MsgUndeliverable: {
		"We don't deliver to this address.", "We bezorgen niet op dit adres.", "Vi leverer ikke til denne adressen.",
		"An diese Adresse liefern wir nicht.", "Nous ne livrons pas à cette adresse."},
	checkout.MsgMissing: {
		"Still needed: {field}.", "Nog nodig: {field}.", "Mangler fortsatt: {field}.", "Noch erforderlich: {field}.", "Il manque encore : {field}."},
	checkout.MsgInvalid: {
		"Please check: {field}.", "Controleer: {field}.", "Kontroller: {field}.", "Bitte prüfen: {field}.", "À vérifier : {field}."},
	checkout.MsgUnknownOption: {
		"This delivery option is not available here. We have chosen another one.",
		"Deze bezorgoptie is hier niet beschikbaar. We hebben een andere gekozen.",
		"Dette leveringsvalget er ikke tilgjengelig her. Vi har valgt et annet.",
		"Diese Lieferart ist hier nicht verfügbar. Wir haben eine andere gewählt.",
		"Ce mode de livraison n'est pas disponible ici. Nous en avons choisi un autre."},
	checkout.MsgPriceChanged: {
		"The total has changed from {old} to {new}. Please check before you pay.",
		"Het totaal is gewijzigd van {old} naar {new}. Controleer het voordat je betaalt.",
		"Totalsummen er endret fra {old} til {new}. Kontroller den før du betaler.",
		"Der Gesamtbetrag hat sich von {old} auf {new} geändert. Bitte vor dem Bezahlen prüfen.",
		"Le total est passé de {old} à {new}. Veuillez vérifier avant de payer."},
	checkout.MsgCartChanged: {
		"Your cart has changed. Please check it before you pay.", "Je winkelwagen is gewijzigd. Controleer hem voordat je betaalt.",
		"Handlekurven er endret. Kontroller den før du betaler.", "Dein Warenkorb hat sich geändert. Bitte vor dem Bezahlen prüfen.",
		"Votre panier a changé. Veuillez le vérifier avant de payer."},
	checkout.MsgPaymentFailed: {
		"The payment did not go through. You have not been charged.", "De betaling is niet gelukt. Er is niets afgeschreven.",
		"Betalingen gikk ikke gjennom. Du er ikke belastet.", "Die Zahlung ist nicht zustande gekommen. Es wurde nichts abgebucht.",
		"Le paiement n'a pas abouti. Vous n'avez pas été débité."},
	checkout.MsgPaymentRunning: {
		"Your payment is being processed. Please don't pay again.", "Je betaling wordt verwerkt. Betaal niet nog een keer.",
		"Betalingen behandles. Ikke betal en gang til.", "Deine Zahlung wird verarbeitet. Bitte nicht noch einmal bezahlen.",
		"Votre paiement est en cours de traitement. Ne payez pas une deuxième fois."},
	checkout.MsgActionRequired: {
		"Please confirm the payment with your bank.", "Bevestig de betaling bij je bank.", "Bekreft betalingen hos banken din.",
		"Bitte bestätige die Zahlung bei deiner Bank.", "Veuillez confirmer le paiement auprès de votre banque."},
	checkout.MsgPaymentRefunded: {
		"Your order could not be placed. Your money is on its way back.", "Je bestelling kon niet worden geplaatst. Je geld komt terug.",
		"Bestillingen kunne ikke legges inn. Pengene er på vei tilbake.",
		"Die Bestellung war nicht möglich. Dein Geld ist auf dem Weg zurück.",
		"La commande n'a pas pu être passée. Votre argent vous est rendu."},
	checkout.MsgAmountTooSmall: {
		"The total is below {minimum}, the least that can be paid.",
		"Het totaal is lager dan {minimum}, het minste dat betaald kan worden.",
		"Totalsummen er under {minimum}, det minste som kan betales.",
		"Der Gesamtbetrag liegt unter {minimum}, dem kleinsten zahlbaren Betrag.",
		"Le total est inférieur à {minimum}, le minimum qui peut être payé."},
	checkout.MsgAmountTooLarge: {
		"The total is more than can be paid at once.", "Het totaal is hoger dan in één keer betaald kan worden.",
		"Totalsummen er høyere enn det som kan betales på én gang.", "Der Gesamtbetrag ist höher, als auf einmal bezahlt werden kann.",
		"Le total dépasse ce qui peut être payé en une fois."},
	checkout.MsgCardUnknown: {
		"This card is not among your saved ones. Please choose another.", "Deze kaart zit niet bij je bewaarde kaarten. Kies een andere.",
		"Dette kortet er ikke blant dine lagrede. Velg et annet.",
		"Diese Karte ist nicht unter deinen gespeicherten. Bitte wähle eine andere.",
		"Cette carte ne fait pas partie de vos cartes enregistrées. Choisissez-en une autre."},
	checkout.MsgHandlerUnknown: {
		"This way to pay is not available here. Please choose another one.", "Deze betaalwijze is hier niet beschikbaar. Kies een andere.",
		"Denne betalingsmåten er ikke tilgjengelig her. Velg en annen.",
		"Diese Zahlungsart ist hier nicht verfügbar. Bitte wähle eine andere.",
		"Ce moyen de paiement n'est pas disponible ici. Veuillez en choisir un autre."},
	checkout.MsgExpired: {
		"This checkout has expired. Your cart is still there.", "Deze afrekening is verlopen. Je winkelwagen is er nog.",
		"Denne betalingsøkten er utløpt. Handlekurven er der fortsatt.", "Dieser Bezahlvorgang ist abgelaufen. Dein Warenkorb ist noch da.",
		"Cette session de paiement a expiré. Votre panier est toujours là."},
	checkout.MsgNoPickup: {
		"There is no store to collect from in this country.", "In dit land is geen winkel om op te halen.",
		"Det finnes ingen hentebutikk i dette landet.",
		"In diesem Land gibt es kein Geschäft zum Abholen.", "Il n'y a pas de magasin de retrait dans ce pays."},
	checkout.MsgAddressUnused: {
		"You collect this order, so no address is needed.", "Je haalt deze bestelling op, een adres is niet nodig.",
		"Du henter denne bestillingen, så ingen adresse trengs.", "Du holst diese Bestellung ab, eine Adresse ist nicht nötig.",
		"Vous retirez cette commande en magasin : aucune adresse n'est nécessaire."},
	checkout.MsgCurrencyKept: {
		"Prices stay in {currency}. For {wanted}, start a new cart where we sell in it.",
		"De prijzen blijven in {currency}. Begin voor {wanted} een nieuwe winkelwagen waar we daarin verkopen.",
		"Prisene er fortsatt i {currency}. For {wanted}, start en ny handlekurv der vi selger i den valutaen.",
		"Die Preise bleiben in {currency}. Für {wanted} bitte einen neuen Warenkorb beginnen, wo wir darin verkaufen.",
		"Les prix restent en {currency}. Pour {wanted}, commencez un nouveau panier là où nous vendons dans cette monnaie."},
	checkout.MsgCodeIneligible: {
		"This discount code is not for you.", "Deze kortingscode is niet voor jou.", "Denne rabattkoden gjelder ikke for deg.",
		"Dieser Rabattcode gilt nicht für dich.", "Ce code de réduction ne vous concerne pas."},
	checkout.MsgCodeCombined: {
		"This code can't be combined with another discount.", "Deze code gaat niet samen met een andere korting.",
		"Denne koden kan ikke kombineres med en annen rabatt.", "Dieser Code gilt nicht zusammen mit einem anderen Rabatt.",
		"Ce code ne se cumule pas avec une autre réduction."},
	checkout.MsgCodeInvalid: {
		"This discount code can't be used.", "Deze kortingscode kan niet worden gebruikt.", "Denne rabattkoden kan ikke brukes.",
		"Dieser Rabattcode kann nicht verwendet werden.", "Ce code de réduction ne peut pas être utilisé."},
	checkout.MsgCodeExpired: {
		"This discount code has expired.", "Deze kortingscode is verlopen.", "Denne rabattkoden er utløpt.",
		"Dieser Rabattcode ist abgelaufen.", "Ce code de réduction a expiré."},
}
