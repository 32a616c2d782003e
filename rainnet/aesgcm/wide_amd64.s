#include "go_asm.h"
#include "textflag.h"

// Registers, in what goes through data by strides of 256 bytes:
//
//	Z0-Z3    counter blocks, then the key stream
//	Z4-Z7    16 blocks that are added to the sum
//	Z8-Z11   products: of the low words, of the high, mixed, and a vector of powers
//	Z12      the sum, in the first 16 bytes; the others are 0
//	Z13      the order of bytes in reverse
//	Z14      the order of bytes in reverse, of a block's last four
//	Z15      4, to be added to each counter
//	Z16-Z26  the keys of the rounds
//	Z27      the next four counter blocks, with counters of this processor's order of bytes
//	Z28      the reduction's constant
//	Z29-Z31  for a moment
//	K1-K4    which bytes of Z4 to Z7 there are

DATA reverse<>+0(SB)/8, $0x08090a0b0c0d0e0f
DATA reverse<>+8(SB)/8, $0x0001020304050607
GLOBL reverse<>(SB), RODATA|NOPTR, $16

DATA reverse4<>+0(SB)/8, $0x0706050403020100
DATA reverse4<>+8(SB)/8, $0x0c0d0e0f0b0a0908
GLOBL reverse4<>(SB), RODATA|NOPTR, $16

// x^-64 = x^64 + x^63 + x^62 + x^57: the powers below 64.
DATA poly<>+0(SB)/8, $0xc200000000000000
DATA poly<>+8(SB)/8, $0xc200000000000000
GLOBL poly<>(SB), RODATA|NOPTR, $16

DATA four<>+0(SB)/8, $0
DATA four<>+8(SB)/8, $0x0000000400000000
GLOBL four<>(SB), RODATA|NOPTR, $16

// The first of the counters is 1, and its block is for the tag.
DATA counters<>+0(SB)/8, $0
DATA counters<>+8(SB)/8, $0x0000000200000000
DATA counters<>+16(SB)/8, $0
DATA counters<>+24(SB)/8, $0x0000000300000000
DATA counters<>+32(SB)/8, $0
DATA counters<>+40(SB)/8, $0x0000000400000000
DATA counters<>+48(SB)/8, $0
DATA counters<>+56(SB)/8, $0x0000000500000000
GLOBL counters<>(SB), RODATA|NOPTR, $64

// EXPAND makes the next key from the one in X0: "temp = SUBWORD(ROTWORD(temp)) ⊕ Rcon[i/4]; w[i] = w[i-4] ⊕ temp".
#define EXPAND(rcon, at) \
	VAESKEYGENASSIST $rcon, X0, X1; \
	VPSHUFD $0xff, X1, X1; \
	VPSLLDQ $4, X0, X2; \
	VPXOR X2, X0, X0; \
	VPSLLDQ $8, X0, X2; \
	VPXOR X2, X0, X0; \
	VPXOR X1, X0, X0; \
	VMOVDQU X0, at(DI)

// func expandKey(keys *[rounds + 1][16]byte, key *[KeySize]byte)
TEXT ·expandKey(SB), NOSPLIT, $0-16
	MOVQ keys+0(FP), DI
	MOVQ key+8(FP), SI
	VMOVDQU (SI), X0
	VMOVDQU X0, (DI)
	EXPAND(0x01, 16)
	EXPAND(0x02, 32)
	EXPAND(0x04, 48)
	EXPAND(0x08, 64)
	EXPAND(0x10, 80)
	EXPAND(0x20, 96)
	EXPAND(0x40, 112)
	EXPAND(0x80, 128)
	EXPAND(0x1b, 144)
	EXPAND(0x36, 160)
	RET

// WORDS makes two words of the products of low words lo, of high words hi, and mixed ones mid.
#define WORDS(lo, hi, mid, tmp) \
	VPSLLDQ $8, mid, tmp; \
	VPXORQ tmp, lo, lo; \
	VPSRLDQ $8, mid, tmp; \
	VPXORQ tmp, hi, hi

// REDUCE divides lo + hi·x^128 by x^128. A step divides by x^64:
// (a + b·x^64)·x^-64 = b + a·x^64 + a·(x^63 + x^62 + x^57).
#define REDUCE(lo, hi, poly, tmp) \
	VPCLMULQDQ $0x00, poly, lo, tmp; \
	VPSHUFD $0x4e, lo, lo; \
	VPXORQ tmp, lo, lo; \
	VPCLMULQDQ $0x00, poly, lo, tmp; \
	VPSHUFD $0x4e, lo, lo; \
	VPTERNLOGQ $0x96, tmp, hi, lo

// func multiply(a, b *[2]uint64)
TEXT ·multiply(SB), NOSPLIT, $0-16
	MOVQ a+0(FP), DI
	MOVQ b+8(FP), SI
	VMOVDQU (DI), X4
	VMOVDQU (SI), X11
	VMOVDQU poly<>(SB), X12
	VPCLMULQDQ $0x00, X11, X4, X8
	VPCLMULQDQ $0x11, X11, X4, X9
	VPCLMULQDQ $0x01, X11, X4, X10
	VPCLMULQDQ $0x10, X11, X4, X13
	VPXOR X13, X10, X10
	WORDS(X8, X9, X10, X13)
	REDUCE(X8, X9, X12, X13)
	VMOVDQU X8, (DI)
	RET

// MULTIPLY adds the products of four more blocks.
#define MULTIPLY(blocks, power) \
	VPSHUFB Z13, blocks, blocks; \
	VMOVDQU64 power(R9), Z11; \
	VPCLMULQDQ $0x00, Z11, blocks, Z29; \
	VPCLMULQDQ $0x11, Z11, blocks, Z30; \
	VPXORQ Z29, Z8, Z8; \
	VPXORQ Z30, Z9, Z9; \
	VPCLMULQDQ $0x01, Z11, blocks, Z29; \
	VPCLMULQDQ $0x10, Z11, blocks, Z30; \
	VPTERNLOGQ $0x96, Z29, Z30, Z10

// SUM adds the blocks in Z4 to Z7, in seven parts. The powers for them are at R9.
#define SUM \
	SUM1; \
	SUM2; \
	SUM3; \
	SUM4; \
	SUM5; \
	SUM6; \
	SUM7

#define SUM1 \
	VPSHUFB Z13, Z4, Z4; \
	VPXORQ Z12, Z4, Z4; \
	VMOVDQU64 (R9), Z11; \
	VPCLMULQDQ $0x00, Z11, Z4, Z8; \
	VPCLMULQDQ $0x11, Z11, Z4, Z9; \
	VPCLMULQDQ $0x01, Z11, Z4, Z10; \
	VPCLMULQDQ $0x10, Z11, Z4, Z29; \
	VPXORQ Z29, Z10, Z10

#define SUM2 MULTIPLY(Z5, 64)
#define SUM3 MULTIPLY(Z6, 128)
#define SUM4 MULTIPLY(Z7, 192)
#define SUM5 WORDS(Z8, Z9, Z10, Z29)
#define SUM6 REDUCE(Z8, Z9, Z28, Z29)

#define SUM7 \
	VEXTRACTI64X4 $1, Z8, Y29; \
	VPXORQ Y29, Y8, Y8; \
	VEXTRACTI64X2 $1, Y8, X29; \
	VPXORQ X29, X8, X12

#define SUM_CONSTANTS \
	VBROADCASTI32X4 reverse<>(SB), Z13; \
	VBROADCASTI32X4 poly<>(SB), Z28

// LAST prepares for the last CX bytes, 1 to 255: which bytes there are, and in R9 where the powers for so many blocks begin.
#define LAST \
	LEAQ 15(CX), AX; \
	SHRQ $4, AX; \
	SHLQ $4, AX; \
	ADDQ $256, R9; \
	SUBQ AX, R9; \
	XORL DX, DX; \
	MOVQ $-1, AX; \
	BZHIQ CX, AX, BX; \
	KMOVQ BX, K1; \
	SUBQ $64, CX; \
	CMOVQLT DX, CX; \
	BZHIQ CX, AX, BX; \
	KMOVQ BX, K2; \
	SUBQ $64, CX; \
	CMOVQLT DX, CX; \
	BZHIQ CX, AX, BX; \
	KMOVQ BX, K3; \
	SUBQ $64, CX; \
	CMOVQLT DX, CX; \
	BZHIQ CX, AX, BX; \
	KMOVQ BX, K4

#define LOAD_LAST(a, b, c, d) \
	VMOVDQU8.Z (SI), K1, a; \
	VMOVDQU8.Z 64(SI), K2, b; \
	VMOVDQU8.Z 128(SI), K3, c; \
	VMOVDQU8.Z 192(SI), K4, d

#define STORE_LAST(a, b, c, d) \
	VMOVDQU8 a, K1, (DI); \
	VMOVDQU8 b, K2, 64(DI); \
	VMOVDQU8 c, K3, 128(DI); \
	VMOVDQU8 d, K4, 192(DI)

// func ghash(sum *[2]uint64, powers *[stride + stride - 1][2]uint64, data []byte)
TEXT ·ghash(SB), NOSPLIT, $0-40
	MOVQ sum+0(FP), R8
	MOVQ powers+8(FP), R9
	MOVQ data_base+16(FP), SI
	MOVQ data_len+24(FP), CX
	SUM_CONSTANTS
	VMOVDQU (R8), X12

strides:
	CMPQ CX, $256
	JB   last
	VMOVDQU64 (SI), Z4
	VMOVDQU64 64(SI), Z5
	VMOVDQU64 128(SI), Z6
	VMOVDQU64 192(SI), Z7
	SUM
	ADDQ $256, SI
	SUBQ $256, CX
	JMP  strides

last:
	TESTQ CX, CX
	JZ    done
	LAST
	LOAD_LAST(Z4, Z5, Z6, Z7)
	SUM

done:
	VMOVDQU X12, (R8)
	VZEROUPPER
	RET

// BEGIN loads constants, the keys at R9 and the sum at R8, and makes the first block at R10 and the counters
// for the nonce at R11. The powers are at R9 as well.
#define BEGIN \
	SUM_CONSTANTS; \
	VMOVDQU (R8), X12; \
	VBROADCASTI32X4 reverse4<>(SB), Z14; \
	VBROADCASTI32X4 four<>(SB), Z15; \
	VBROADCASTI32X4 wideGCM_keys+0(R9), Z16; \
	VBROADCASTI32X4 wideGCM_keys+16(R9), Z17; \
	VBROADCASTI32X4 wideGCM_keys+32(R9), Z18; \
	VBROADCASTI32X4 wideGCM_keys+48(R9), Z19; \
	VBROADCASTI32X4 wideGCM_keys+64(R9), Z20; \
	VBROADCASTI32X4 wideGCM_keys+80(R9), Z21; \
	VBROADCASTI32X4 wideGCM_keys+96(R9), Z22; \
	VBROADCASTI32X4 wideGCM_keys+112(R9), Z23; \
	VBROADCASTI32X4 wideGCM_keys+128(R9), Z24; \
	VBROADCASTI32X4 wideGCM_keys+144(R9), Z25; \
	VBROADCASTI32X4 wideGCM_keys+160(R9), Z26; \
	VMOVQ (R11), X0; \
	VPINSRD $2, 8(R11), X0, X0; \
	VSHUFI64X2 $0, Z0, Z0, Z27; \
	VPADDD counters<>(SB), Z27, Z27; \
	MOVL $0x01000000, AX; \
	VPINSRD $3, AX, X0, X0; \
	VPXORQ X16, X0, X0; \
	VAESENC X17, X0, X0; \
	VAESENC X18, X0, X0; \
	VAESENC X19, X0, X0; \
	VAESENC X20, X0, X0; \
	VAESENC X21, X0, X0; \
	VAESENC X22, X0, X0; \
	VAESENC X23, X0, X0; \
	VAESENC X24, X0, X0; \
	VAESENC X25, X0, X0; \
	VAESENCLAST X26, X0, X0; \
	VMOVDQU X0, (R10)

#define ROUND(key) \
	VAESENC key, Z0, Z0; \
	VAESENC key, Z1, Z1; \
	VAESENC key, Z2, Z2; \
	VAESENC key, Z3, Z3

#define COUNTERS \
	VPSHUFB Z14, Z27, Z0; \
	VPADDD Z15, Z27, Z27; \
	VPSHUFB Z14, Z27, Z1; \
	VPADDD Z15, Z27, Z27; \
	VPSHUFB Z14, Z27, Z2; \
	VPADDD Z15, Z27, Z27; \
	VPSHUFB Z14, Z27, Z3; \
	VPADDD Z15, Z27, Z27; \
	VPXORQ Z16, Z0, Z0; \
	VPXORQ Z16, Z1, Z1; \
	VPXORQ Z16, Z2, Z2; \
	VPXORQ Z16, Z3, Z3

#define LAST_ROUND \
	VAESENCLAST Z26, Z0, Z0; \
	VAESENCLAST Z26, Z1, Z1; \
	VAESENCLAST Z26, Z2, Z2; \
	VAESENCLAST Z26, Z3, Z3

// STREAM makes 256 bytes of the key stream in Z0 to Z3.
#define STREAM \
	COUNTERS; \
	ROUND(Z17); \
	ROUND(Z18); \
	ROUND(Z19); \
	ROUND(Z20); \
	ROUND(Z21); \
	ROUND(Z22); \
	ROUND(Z23); \
	ROUND(Z24); \
	ROUND(Z25); \
	LAST_ROUND

// STREAM_AND_SUM is both, side by side: apart, what the processor looks ahead is not enough for it to do one while it
// waits for the other.
#define STREAM_AND_SUM \
	COUNTERS; \
	ROUND(Z17); \
	SUM1; \
	ROUND(Z18); \
	SUM2; \
	ROUND(Z19); \
	SUM3; \
	ROUND(Z20); \
	SUM4; \
	ROUND(Z21); \
	SUM5; \
	ROUND(Z22); \
	SUM6; \
	ROUND(Z23); \
	SUM7; \
	ROUND(Z24); \
	ROUND(Z25); \
	LAST_ROUND

// ENCRYPT does so with 256 bytes at SI, and leaves what it has written at DI in Z4 to Z7.
#define ENCRYPT \
	VPXORQ (SI), Z0, Z4; \
	VPXORQ 64(SI), Z1, Z5; \
	VPXORQ 128(SI), Z2, Z6; \
	VPXORQ 192(SI), Z3, Z7; \
	VMOVDQU64 Z4, (DI); \
	VMOVDQU64 Z5, 64(DI); \
	VMOVDQU64 Z6, 128(DI); \
	VMOVDQU64 Z7, 192(DI); \
	ADDQ $256, SI; \
	ADDQ $256, DI; \
	SUBQ $256, CX

// func seal(gcm *wideGCM, sum *[2]uint64, first *[blockSize]byte, dst, src []byte, nonce *[NonceSize]byte)
TEXT ·seal(SB), NOSPLIT, $0-80
	MOVQ gcm+0(FP), R9
	MOVQ sum+8(FP), R8
	MOVQ first+16(FP), R10
	MOVQ dst_base+24(FP), DI
	MOVQ src_base+48(FP), SI
	MOVQ src_len+56(FP), CX
	MOVQ nonce+72(FP), R11
	BEGIN

	CMPQ CX, $256
	JB   first
	STREAM
	ENCRYPT

strides:
	CMPQ CX, $256
	JB   rest
	STREAM_AND_SUM
	ENCRYPT
	JMP  strides

rest:
	TESTQ CX, CX
	JZ    sum
	STREAM_AND_SUM
	JMP   last

first:
	TESTQ CX, CX
	JZ    done
	STREAM

last:
	LAST
	LOAD_LAST(Z4, Z5, Z6, Z7)
	VPXORQ Z0, Z4, Z4
	VPXORQ Z1, Z5, Z5
	VPXORQ Z2, Z6, Z6
	VPXORQ Z3, Z7, Z7
	STORE_LAST(Z4, Z5, Z6, Z7)
	VMOVDQU8.Z Z4, K1, Z4
	VMOVDQU8.Z Z5, K2, Z5
	VMOVDQU8.Z Z6, K3, Z6
	VMOVDQU8.Z Z7, K4, Z7

sum:
	SUM

done:
	VMOVDQU X12, (R8)
	VZEROUPPER
	RET

// func open(gcm *wideGCM, sum *[2]uint64, first *[blockSize]byte, dst, src []byte, nonce *[NonceSize]byte)
TEXT ·open(SB), NOSPLIT, $0-80
	MOVQ gcm+0(FP), R9
	MOVQ sum+8(FP), R8
	MOVQ first+16(FP), R10
	MOVQ dst_base+24(FP), DI
	MOVQ src_base+48(FP), SI
	MOVQ src_len+56(FP), CX
	MOVQ nonce+72(FP), R11
	BEGIN

strides:
	CMPQ CX, $256
	JB   last
	VMOVDQU64 (SI), Z4
	VMOVDQU64 64(SI), Z5
	VMOVDQU64 128(SI), Z6
	VMOVDQU64 192(SI), Z7
	STREAM_AND_SUM
	VPXORQ (SI), Z0, Z0
	VPXORQ 64(SI), Z1, Z1
	VPXORQ 128(SI), Z2, Z2
	VPXORQ 192(SI), Z3, Z3
	VMOVDQU64 Z0, (DI)
	VMOVDQU64 Z1, 64(DI)
	VMOVDQU64 Z2, 128(DI)
	VMOVDQU64 Z3, 192(DI)
	ADDQ $256, SI
	ADDQ $256, DI
	SUBQ $256, CX
	JMP  strides

last:
	TESTQ CX, CX
	JZ    done
	LAST
	LOAD_LAST(Z4, Z5, Z6, Z7)
	STREAM_AND_SUM
	LOAD_LAST(Z4, Z5, Z6, Z7)
	VPXORQ Z4, Z0, Z0
	VPXORQ Z5, Z1, Z1
	VPXORQ Z6, Z2, Z2
	VPXORQ Z7, Z3, Z3
	STORE_LAST(Z0, Z1, Z2, Z3)

done:
	VMOVDQU X12, (R8)
	VZEROUPPER
	RET
