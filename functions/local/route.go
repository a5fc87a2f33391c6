package main

import (
	"context"
	"net"
	"net/http"
	"strings"

	"kassa/functions/internal/api"
)

// ServeHTTP implements http.Handler by the functions as the newest settings make them.
func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s, err := a.live.Get(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	s.handler.ServeHTTP(w, r)
}

// routes sends each request to the function that serves its first path segment. What none serves goes to the first, whose
// answer to that is the API's.
func (a *app) routes(functions ...api.Handler) http.Handler {
	bySegment := map[string]http.Handler{"dev": a.dev()}
	if a.provider != nil {
		bySegment["v1"] = a.wakingHandler(a.provider.Handler()) // Stripe's API, for apps; the pages of banks
		bySegment["sandbox"] = bySegment["v1"]
	}
	for _, f := range functions {
		for _, route := range f.Routes {
			segment := firstSegment(route.Pattern)
			bySegment[segment] = bounded(f)
			if segment == "webhooks" {
				bySegment[segment] = a.wakingHandler(bounded(a.faults.webhook(f)))
			}
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h, ok := bySegment[firstSegment(r.URL.Path)]; ok {
			h.ServeHTTP(w, r)
			return
		}
		bounded(functions[0]).ServeHTTP(w, r)
	})
}

func firstSegment(path string) string {
	segment, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return segment
}

func (a *app) dev() http.Handler {
	return dev{clock: a.clock, schedule: a.schedule, faults: a.faults, mailbox: a.mailbox, sandbox: a.provider, issuer: a.issuer,
		log: a.log}.handler()
}

// bounded gives each request the time that an invocation has.
func bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), invocation)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// wakingHandler has the schedule look for what fell due by a request: whoever calls the sandbox may cause a webhook.
func (a *app) wakingHandler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer a.schedule.wake()
		next.ServeHTTP(w, r)
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// waking is wakingHandler for our own calls.
func (a *app) waking(next http.RoundTripper) http.RoundTripper {
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		defer a.schedule.wake()
		return next.RoundTrip(r)
	})
}

// url is where this process is reached from this machine.
func (a *app) url() string {
	host, port, err := net.SplitHostPort(a.listener.Addr().String())
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}
