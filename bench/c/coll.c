/* Collectives of all ranks: time of one, by rank 0's clock, over many in a row. */
#include "bench.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static size_t size;
static char *out, *in;
static uint64_t seq;

static double timed(void (*once)(long), size_t bytes, size_t out_bytes, size_t in_bytes, long *n)
{
	size = bytes;
	seq = 0;
	out = memory(out_bytes + 8);
	in = memory(in_bytes + 8);
	*n = calibrate(once, 4);
	MPI_Barrier(MPI_COMM_WORLD);
	double t = MPI_Wtime();
	once(*n);
	t = MPI_Wtime() - t;
	free(out);
	free(in);
	return t / *n * 1e6;
}

static void barriers(long n)
{
	while (n-- > 0)
		MPI_Barrier(MPI_COMM_WORLD);
}

void barrier(size_t bytes)
{
	long n;
	(void)bytes;
	double us = timed(barriers, 0, 0, 0, &n);
	result("barrier", 0, "us", us, (uint64_t)n);
}

static void bcasts(long n)
{
	for (; n > 0; n--, seq++) {
		int root = opt.check ? (int)(seq % ranks) : 0;
		if (opt.check && rank == root)
			fill(in, size, root, seq);
		MPI_Bcast(in, (int)size, MPI_BYTE, root, MPI_COMM_WORLD);
		if (opt.check)
			verify(in, size, root, seq);
	}
}

void bcast(size_t bytes)
{
	long n;
	double us = timed(bcasts, bytes, 0, bytes, &n);
	result("bcast", bytes, "us", us, (uint64_t)n);
}

/* Element i of rank r in round s is r + i % 1000 + s % 100: sums are exact. addends makes a rank's,
   sums checks the sums of those from first on. */
static void addends(double *a, long count)
{
	for (long i = 0; opt.check && i < count; i++)
		a[i] = (double)(rank + i % 1000 + (long)(seq % 100));
}

static void sums(const double *b, long count, long first, const char *name)
{
	for (long i = 0; i < count; i++) {
		long element = (first + i) % 1000 + (long)(seq % 100);
		double want = ranks * (ranks - 1) / 2.0 + ranks * (double)element;
		if (b[i] == want)
			continue;
		fprintf(stderr, "rank %d: %s %llu, element %ld is %g, not %g\n", rank, name,
			(unsigned long long)seq, i, b[i], want);
		wrong++;
		return;
	}
}

static void allreduces(long n)
{
	long count = (long)(size / sizeof(double));
	double *a = (double *)out, *b = (double *)in;
	for (; n > 0; n--, seq++) {
		addends(a, count);
		MPI_Allreduce(a, b, (int)count, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
		if (opt.check)
			sums(b, count, 0, "allreduce");
	}
}

void allreduce(size_t bytes)
{
	long n;
	double us = timed(allreduces, bytes, bytes, bytes, &n);
	result("allreduce", bytes, "us", us, (uint64_t)n);
}

static void allgathers(long n)
{
	for (; n > 0; n--, seq++) {
		if (opt.check)
			fill(out, size, rank, seq);
		MPI_Allgather(out, (int)size, MPI_BYTE, in, (int)size, MPI_BYTE, MPI_COMM_WORLD);
		for (int r = 0; opt.check && r < ranks; r++)
			verify(in + r * size, size, r, seq);
	}
}

void allgather(size_t bytes)
{
	long n;
	double us = timed(allgathers, bytes, bytes, bytes * ranks, &n);
	result("allgather", bytes, "us", us, (uint64_t)n);
}

static void alltoalls(long n)
{
	for (; n > 0; n--, seq++) {
		for (int r = 0; opt.check && r < ranks; r++)
			fill(out + r * size, size, rank * ranks + r, seq);
		MPI_Alltoall(out, (int)size, MPI_BYTE, in, (int)size, MPI_BYTE, MPI_COMM_WORLD);
		for (int r = 0; opt.check && r < ranks; r++)
			verify(in + r * size, size, r * ranks + rank, seq);
	}
}

void alltoall(size_t bytes)
{
	long n;
	double us = timed(alltoalls, bytes, bytes * ranks, bytes * ranks, &n);
	result("alltoall", bytes, "us", us, (uint64_t)n);
}

/* Rooted collectives in a row take turns in the root: else the others run ahead, and what is
   measured is a pipeline. */
static void reduces(long n)
{
	long count = (long)(size / sizeof(double));
	double *a = (double *)out, *b = (double *)in;
	for (; n > 0; n--, seq++) {
		int root = (int)(seq % ranks);
		addends(a, count);
		MPI_Reduce(a, b, (int)count, MPI_DOUBLE, MPI_SUM, root, MPI_COMM_WORLD);
		if (opt.check && rank == root)
			sums(b, count, 0, "reduce");
	}
}

void reduce(size_t bytes)
{
	long n;
	double us = timed(reduces, bytes, bytes, bytes, &n);
	result("reduce", bytes, "us", us, (uint64_t)n);
}

/* The size is that of each rank's block of the result. */
static void reduce_scatters(long n)
{
	long count = (long)(size / sizeof(double));
	double *a = (double *)out, *b = (double *)in;
	for (; n > 0; n--, seq++) {
		addends(a, count * ranks);
		MPI_Reduce_scatter_block(a, b, (int)count, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
		if (opt.check)
			sums(b, count, count * rank, "reduce_scatter_block");
	}
}

void reduce_scatter_block(size_t bytes)
{
	long n;
	double us = timed(reduce_scatters, bytes, bytes * ranks, bytes, &n);
	result("reduce_scatter_block", bytes, "us", us, (uint64_t)n);
}

static void gathers(long n)
{
	for (; n > 0; n--, seq++) {
		int root = (int)(seq % ranks);
		if (opt.check)
			fill(out, size, rank, seq);
		MPI_Gather(out, (int)size, MPI_BYTE, in, (int)size, MPI_BYTE, root, MPI_COMM_WORLD);
		for (int r = 0; opt.check && rank == root && r < ranks; r++)
			verify(in + r * size, size, r, seq);
	}
}

void gather(size_t bytes)
{
	long n;
	double us = timed(gathers, bytes, bytes, bytes * ranks, &n);
	result("gather", bytes, "us", us, (uint64_t)n);
}

static void scatters(long n)
{
	for (; n > 0; n--, seq++) {
		int root = (int)(seq % ranks);
		for (int r = 0; opt.check && rank == root && r < ranks; r++)
			fill(out + r * size, size, r, seq);
		MPI_Scatter(out, (int)size, MPI_BYTE, in, (int)size, MPI_BYTE, root, MPI_COMM_WORLD);
		if (opt.check)
			verify(in, size, rank, seq);
	}
}

void scatter(size_t bytes)
{
	long n;
	double us = timed(scatters, bytes, bytes * ranks, bytes, &n);
	result("scatter", bytes, "us", us, (uint64_t)n);
}
