//go:build !amd64

package dtype

// isX87: long double is IEEE binary128 here (AArch64 and RISC-V C ABIs).
const isX87 = false
