//go:build !amd64

package aesgcm

import "crypto/cipher"

var wide func(block cipher.Block, key []byte) cipher.AEAD
