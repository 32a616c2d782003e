// Package aesgcm is AES-128-GCM (NIST SP 800-38D) with nonces of 12 bytes and tags of 16: the standard library's, or on
// a processor with AES and carry-less multiplication of 512 bits (AVX-512, VAES and VPCLMULQDQ: AMD since Zen 4, Intel since Ice
// Lake) one that uses them, which takes half the time. The standard library has none for them (golang.org/issue/42726). Both
// make the same bytes.
package aesgcm

import (
	"crypto/aes"
	"crypto/cipher"
)

const (
	KeySize   = 16
	NonceSize = 12
	TagSize   = 16
)

// New returns AES-128-GCM for a key of KeySize bytes.
func New(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	if wide != nil && len(key) == KeySize {
		return wide(block, key), nil
	}
	return cipher.NewGCM(block)
}
