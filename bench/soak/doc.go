// Package soak runs one long job between lab hosts whose rails fail all the time, and looks for what
// only shows after a while: a message that is lost, doubled or damaged, memory that grows, goroutines
// and descriptors that are left behind.
//
// What the ranks send each other, and what is done to the rails, follows from one seed.
package soak
