package edge

import (
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
)

// Router serves routes. Everything that none of them serves is answered in the same shape as every other failure.
type Router struct {
	config Config
	mux    *http.ServeMux
	routes []Route
	allow  map[string]map[string]Route // by pattern and method
}

// NewRouter returns a router of these routes. Two routes of one method and pattern are a mistake of ours, and the later
// one wins.
func NewRouter(c Config, routes ...Route) *Router {
	r := &Router{config: c, mux: http.NewServeMux(), routes: routes, allow: map[string]map[string]Route{}}
	for _, route := range routes {
		methods, known := r.allow[route.Pattern]
		if !known {
			methods = map[string]Route{}
			r.allow[route.Pattern] = methods
			r.mux.HandleFunc(route.Pattern, func(w http.ResponseWriter, req *http.Request) { r.dispatch(w, req, methods) })
		}
		methods[route.Method] = route
	}
	return r
}

// Routes lists what is served.
func (r *Router) Routes() []Route { return slices.Clone(r.routes) }

// ServeHTTP implements http.Handler.
func (r *Router) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if _, pattern := r.mux.Handler(req); pattern == "" || path.Clean(req.URL.Path) != req.URL.Path {
		r.serve(w, req, Route{Pattern: "none"}, refuse(codeNotFound, "there is nothing at this path"))
		return
	}
	r.mux.ServeHTTP(w, req)
}

func (r *Router) dispatch(w http.ResponseWriter, req *http.Request, methods map[string]Route) {
	method := req.Method
	if method == http.MethodHead {
		method = http.MethodGet // net/http leaves out the body
	}
	if route, ok := methods[method]; ok {
		r.serve(w, req, route, nil)
		return
	}
	allowed := slices.Sorted(maps.Keys(methods))
	if slices.Contains(allowed, http.MethodGet) {
		allowed = append(allowed, http.MethodHead)
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	pattern := ""
	for _, route := range methods {
		pattern = route.Pattern
	}
	r.serve(w, req, Route{Method: "none", Pattern: pattern},
		refuse(codeMethod, "this path does not take this method; the Allow header says which it takes"))
}
