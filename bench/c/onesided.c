/* One-sided, from rank 0 to the memory of the last rank, which waits in a barrier. */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

enum { MANY = 16 }; /* operations between two flushes, for bandwidth */

static size_t size;
static char *mine, *theirs; /* rank 0's buffer, and this rank's part of the window */
static MPI_Win win;
static int many;
static void (*operation)(char *, size_t at);

static int target(void) { return ranks - 1; }

static void put(char *buf, size_t at)
{
	MPI_Put(buf, (int)size, MPI_BYTE, target(), (MPI_Aint)at, (int)size, MPI_BYTE, win);
}

static void get(char *buf, size_t at)
{
	MPI_Get(buf, (int)size, MPI_BYTE, target(), (MPI_Aint)at, (int)size, MPI_BYTE, win);
}

/* n times, many operations and a flush: they have ended there, not only here. */
static void rounds(long n)
{
	if (rank != 0)
		return;
	for (; n > 0; n--) {
		for (int k = 0; k < many; k++)
			operation(mine + k * size, k * size);
		MPI_Win_flush(target(), win);
	}
}

/* check compares both ends after one round. */
static void check(void)
{
	MPI_Barrier(MPI_COMM_WORLD);
	char *from = operation == put ? mine : theirs, *to = operation == put ? theirs : mine;
	int source = operation == put ? 0 : target(), sink = operation == put ? target() : 0;
	for (int k = 0; rank == source && k < many; k++)
		fill(from + k * size, size, source, k);
	MPI_Win_sync(win);
	MPI_Barrier(MPI_COMM_WORLD);
	rounds(1);
	MPI_Barrier(MPI_COMM_WORLD);
	MPI_Win_sync(win);
	for (int k = 0; rank == sink && k < many; k++)
		verify(to + k * size, size, source, k);
	MPI_Barrier(MPI_COMM_WORLD);
}

static double timed(void (*what)(char *, size_t), size_t bytes, int operations, long *n)
{
	size = bytes;
	many = operations;
	operation = what;
	mine = memory(size * many + 8);
	MPI_Win_allocate((MPI_Aint)(size * many + 8), 1, MPI_INFO_NULL, MPI_COMM_WORLD, &theirs, &win);
	memset(theirs, 1, size * many);
	MPI_Win_lock_all(0, win);
	if (opt.check)
		check();
	*n = calibrate(rounds, 4);
	MPI_Barrier(MPI_COMM_WORLD);
	double t = MPI_Wtime();
	rounds(*n);
	t = MPI_Wtime() - t;
	MPI_Barrier(MPI_COMM_WORLD);
	MPI_Win_unlock_all(win);
	MPI_Win_free(&win);
	free(mine);
	return t;
}

static void one(const char *name, void (*what)(char *, size_t), size_t bytes)
{
	long n;
	double t = timed(what, bytes, 1, &n);
	result(name, bytes, "us", t / n * 1e6, (uint64_t)n);
}

static void stream_of(const char *name, void (*what)(char *, size_t), size_t bytes)
{
	long n;
	double t = timed(what, bytes, MANY, &n);
	result(name, bytes, "MB/s", (double)bytes * MANY * n / t / 1e6, (uint64_t)MANY * n);
}

void put_latency(size_t bytes) { one("put", put, bytes); }
void get_latency(size_t bytes) { one("get", get, bytes); }
void put_bandwidth(size_t bytes) { stream_of("puts", put, bytes); }
void get_bandwidth(size_t bytes) { stream_of("gets", get, bytes); }
