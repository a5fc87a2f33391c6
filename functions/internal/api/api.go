// Package api is the HTTP handlers of the functions cart, checkout and webhook: each decodes a request, calls one method of
// one service and encodes what it answers. The functions' mains put them behind Lambda; the local run puts them all behind
// one server.
package api

import (
	"context"
	"encoding/json"
	"net/http"

	"kassa/functions/internal/edge"
	"kassa/functions/internal/ucp"
)

// Handler is the HTTP face of one function.
type Handler struct {
	http.Handler
	Routes []edge.Route // what it serves; openapi.yaml describes the same
}

func handler(c edge.Config, routes ...edge.Route) Handler {
	r := edge.NewRouter(c, routes...)
	return Handler{Handler: r, Routes: r.Routes()}
}

// learn has encoding/json learn the types of an answer, which it does when it first writes one, while the function starts: that has
// a whole CPU, and a shopper's first request a seventh.
func learn(answer any) { _, _ = json.Marshal(answer) }

// Served lists the routes as "METHOD /pattern".
func (h Handler) Served() []string {
	out := make([]string, len(h.Routes))
	for i, r := range h.Routes {
		out[i] = r.Method + " " + r.Pattern
	}
	return out
}

// language is that of an answer about a thing: what the request asks for, else what the thing's owner speaks.
func language(w *ucp.Wire, r *edge.Request, stored string) string {
	return w.Language(r.Language, stored)
}

// health answers that the function runs. It asks nothing behind it: a store that is down is not healed by new functions.
func health(context.Context, *edge.Request) (edge.Answer, error) {
	return edge.Answer{Body: struct {
		Status string `json:"status"`
	}{"ok"}}, nil
}

// described answers the API's description.
func described(openAPI []byte) edge.Handler {
	return func(context.Context, *edge.Request) (edge.Answer, error) {
		return edge.Answer{Text: openAPI, Type: "application/yaml", Public: true}, nil
	}
}
