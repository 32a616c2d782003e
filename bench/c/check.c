/* Message contents that tell who sent them, when, and where each byte belongs. */
#include "bench.h"

#include <stdio.h>
#include <string.h>

uint64_t wrong;

static uint64_t seed(int from, uint64_t seq)
{
	uint64_t x = (uint64_t)(from + 1) * 0x9e3779b97f4a7c15u ^ (seq + 1) * 0xbf58476d1ce4e5b9u;
	x ^= x >> 29;
	return x * 0x94d049bb133111ebu;
}

void fill(void *buf, size_t size, int from, uint64_t seq)
{
	uint64_t s = seed(from, seq), *w = buf;
	size_t n = size / 8;
	for (size_t i = 0; i < n; i++)
		w[i] = s + i;
	for (size_t i = 8 * n; i < size; i++)
		((unsigned char *)buf)[i] = (unsigned char)(s + i);
}

int intact(const void *buf, size_t size, int from, uint64_t seq)
{
	uint64_t s = seed(from, seq), bad = 0;
	const uint64_t *w = buf;
	size_t n = size / 8;
	for (size_t i = 0; i < n; i++)
		bad |= w[i] ^ (s + i);
	for (size_t i = 8 * n; i < size; i++)
		bad |= ((const unsigned char *)buf)[i] ^ (unsigned char)(s + i);
	return bad == 0;
}

void verify(const void *buf, size_t size, int from, uint64_t seq)
{
	if (!intact(buf, size, from, seq) && __atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED) == 0)
		fprintf(stderr, "rank %d: message %llu of %zu bytes from rank %d is not what was sent\n",
			rank, (unsigned long long)seq, size, from);
}
