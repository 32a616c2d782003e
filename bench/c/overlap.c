/* How much of an exchange between the first and the last rank hides behind computing. */
#include "bench.h"

#include <stdlib.h>

enum { DATA = 3 };
enum { CELLS = 4096 }; /* of the computation: they stay in a core's own cache */

static size_t size;
static char *out, *in;
static uint64_t seq;
static long work; /* rounds of compute for each exchange */
static double cells[CELLS];

static int peer(void) { return rank == 0 ? ranks - 1 : 0; }
static int plays(void) { return rank == 0 || rank == ranks - 1; }

/* compute is what a program does meanwhile: no call of MPI in it. */
static void compute(long n)
{
	while (n-- > 0)
		for (int i = 1; i < CELLS - 1; i++)
			cells[i] = 0.25 * cells[i - 1] + 0.5 * cells[i] + 0.25 * cells[i + 1];
}

static void exchanges(long n)
{
	MPI_Request r[2];
	if (!plays())
		return;
	for (; n > 0; n--, seq++) {
		if (opt.check)
			fill(out, size, rank, seq);
		MPI_Irecv(in, (int)size, MPI_BYTE, peer(), DATA, MPI_COMM_WORLD, &r[0]);
		MPI_Isend(out, (int)size, MPI_BYTE, peer(), DATA, MPI_COMM_WORLD, &r[1]);
		compute(work);
		MPI_Waitall(2, r, MPI_STATUSES_IGNORE);
		if (opt.check)
			verify(in, size, peer(), seq);
	}
}

static void computations(long n)
{
	for (; n > 0; n--)
		compute(work);
}

/* timed returns the seconds of one of n. */
static double timed(void (*what)(long), long n)
{
	MPI_Barrier(MPI_COMM_WORLD);
	double t = MPI_Wtime();
	what(n);
	MPI_Barrier(MPI_COMM_WORLD);
	return (MPI_Wtime() - t) / n;
}

/*
 * The computation takes as long as the exchange does alone. Of that the part is
 * hidden by which both together are faster than one after the other: 100 % if the
 * exchange costs nothing, less than 0 if it takes longer than alone.
 */
void overlap(size_t bytes)
{
	size = bytes;
	seq = 0;
	out = memory(size + 8);
	in = memory(size + 8);
	work = 0;
	long n = calibrate(exchanges, 4);
	double transfer = timed(exchanges, n);
	work = 16;
	double sixteen = timed(computations, 100);
	work = (long)(16 * transfer / sixteen) + 1;
	MPI_Bcast(&work, 1, MPI_LONG, 0, MPI_COMM_WORLD);
	double computing = timed(computations, n), both = timed(exchanges, n);
	result("exchange", bytes, "us", transfer * 1e6, 2 * (uint64_t)n);
	result("overlap", bytes, "%", 100 * (1 - (both - computing) / transfer), 2 * (uint64_t)n);
	free(out);
	free(in);
}
