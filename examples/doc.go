// Package examples tests the programs in its folders, which show one feature
// each, in C, C++ or Go. Each program checks its own result and ends with a
// status other than 0 if it is wrong.
package examples
