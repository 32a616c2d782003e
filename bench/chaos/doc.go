// Package chaos kills, stops, cuts and aborts parts of running jobs at random
// moments and checks what a job owes to its user in the end: it ends in time,
// with the right status and one message that names the culprit, and it leaves
// nothing behind on any host.
//
// Everything random comes from one seed per trial, so that a trial that failed
// can be run again; what the operating system does meanwhile cannot.
package chaos
