/*
 * Between rank 0 and the last rank, which a launcher puts on another host if it has one. Messages are filled and checked after
 * the time is taken, by some more of them: to do so takes as long as a fast network does to move them.
 */
#include "bench.h"

#include <stdlib.h>

enum { DATA = 1, DONE = 2 };
enum { MAX_WINDOW = 256 };

static size_t size;
static int window;
static char *out, *in;
static uint64_t sent, come; /* message numbers */
static int checking;

static int peer(void) { return rank == 0 ? ranks - 1 : 0; }
static int plays(void) { return rank == 0 || rank == ranks - 1; }

static void set_up(size_t bytes, int slots)
{
	size = bytes;
	window = slots;
	sent = come = 0;
	out = memory(size * slots + 8);
	in = memory(size * slots + 8);
}

/* tear_down checks some messages first, if that is asked for. */
static void tear_down(void (*exchange)(long), long n)
{
	checking = opt.check;
	if (checking)
		exchange(n / 4 + 1);
	checking = 0;
	free(out);
	free(in);
}

/* Enough messages to keep a rail busy, and no more than 8 MiB of them. */
static int default_window(size_t bytes)
{
	if (opt.window)
		return opt.window < MAX_WINDOW ? opt.window : MAX_WINDOW;
	size_t n = bytes ? (8u << 20) / bytes : 64;
	return n < 4 ? 4 : n > 64 ? 64 : (int)n;
}

static void ping_pong(long n)
{
	if (!plays())
		return;
	for (long i = 0; i < n; i++) {
		if (checking)
			fill(out, size, rank, sent++);
		if (rank == 0)
			MPI_Send(out, (int)size, MPI_BYTE, peer(), DATA, MPI_COMM_WORLD);
		MPI_Recv(in, (int)size, MPI_BYTE, peer(), DATA, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
		if (checking)
			verify(in, size, peer(), come++);
		if (rank != 0)
			MPI_Send(out, (int)size, MPI_BYTE, peer(), DATA, MPI_COMM_WORLD);
	}
}

void latency(size_t bytes)
{
	set_up(bytes, 1);
	long n = calibrate(ping_pong, 10);
	MPI_Barrier(MPI_COMM_WORLD);
	double t = MPI_Wtime();
	ping_pong(n);
	t = MPI_Wtime() - t;
	tear_down(ping_pong, n);
	result("latency", bytes, "us", t / n / 2 * 1e6, 2 * (uint64_t)n);
}

static void send_window(MPI_Request *r)
{
	for (int i = 0; i < window; i++) {
		if (checking)
			fill(out + i * size, size, rank, sent++);
		MPI_Isend(out + i * size, (int)size, MPI_BYTE, peer(), DATA, MPI_COMM_WORLD, &r[i]);
	}
}

static void post_window(MPI_Request *r)
{
	for (int i = 0; i < window; i++)
		MPI_Irecv(in + i * size, (int)size, MPI_BYTE, peer(), DATA, MPI_COMM_WORLD, &r[i]);
}

static void verify_window(void)
{
	for (int i = 0; checking && i < window; i++)
		verify(in + i * size, size, peer(), come++);
}

/* n windows from rank 0, each answered by one empty message when it has come. */
static void one_way(long n)
{
	MPI_Request r[MAX_WINDOW];
	if (!plays())
		return;
	for (long k = 0; k < n; k++) {
		if (rank == 0) {
			send_window(r);
			MPI_Waitall(window, r, MPI_STATUSES_IGNORE);
			MPI_Recv(NULL, 0, MPI_BYTE, peer(), DONE, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
		} else {
			post_window(r);
			MPI_Waitall(window, r, MPI_STATUSES_IGNORE);
			verify_window();
			MPI_Send(NULL, 0, MPI_BYTE, peer(), DONE, MPI_COMM_WORLD);
		}
	}
}

static void two_way(long n)
{
	MPI_Request r[2 * MAX_WINDOW];
	if (!plays())
		return;
	for (long k = 0; k < n; k++) {
		post_window(r);
		send_window(r + window);
		MPI_Waitall(2 * window, r, MPI_STATUSES_IGNORE);
		verify_window();
	}
}

static double timed(void (*windows)(long), size_t bytes, long *n)
{
	set_up(bytes, default_window(bytes));
	*n = calibrate(windows, 2);
	MPI_Barrier(MPI_COMM_WORLD);
	double t = MPI_Wtime();
	windows(*n);
	t = MPI_Wtime() - t;
	tear_down(windows, *n);
	return t;
}

void bandwidth(size_t bytes)
{
	long n;
	double t = timed(one_way, bytes, &n);
	result("bandwidth", bytes, "MB/s", (double)bytes * window * n / t / 1e6, (uint64_t)window * n);
}

void bothways(size_t bytes)
{
	long n;
	double t = timed(two_way, bytes, &n);
	result("bothways", bytes, "MB/s", 2.0 * bytes * window * n / t / 1e6, 2 * (uint64_t)window * n);
}

void rate(size_t bytes)
{
	long n;
	double t = timed(one_way, bytes, &n);
	result("rate", bytes, "M/s", (double)window * n / t / 1e6, (uint64_t)window * n);
}
