// Package deployment tests what template.yaml deploys: that routes, tables and settings are those of the code, that roles allow
// what functions do and nothing else, that nothing is lost in silence, and that a plain sam build makes binaries that start.
//
// Its tests install the tools of testdata/requirements.txt for themselves, into .tools/.
package deployment
