/* Threads of rank 0 and of the last rank, in pairs with a communicator each. */
#define _GNU_SOURCE
#include "bench.h"

#include <pthread.h>
#include <stdlib.h>

enum { DATA = 1, DONE = 2, END = 3 };
enum { MAX_THREADS = 64, MAX_WINDOW = 16 };
enum { LARGE = 64 << 20 };

/* A pair's end. */
typedef struct {
	pthread_t thread;
	MPI_Comm comm;
	int number;
	char *buf;
	uint64_t seq;
	long rounds;
} end;

static end ends[MAX_THREADS];
static size_t size;
static int window, threads;

static int peer(void) { return rank == 0 ? ranks - 1 : 0; }
static int plays(void) { return rank == 0 || rank == ranks - 1; }

static void set_up(int n, size_t each)
{
	threads = n;
	for (int i = 0; i < n; i++) {
		ends[i].number = i;
		ends[i].seq = 0;
		ends[i].buf = memory(each + 8);
		MPI_Comm_dup(MPI_COMM_WORLD, &ends[i].comm);
	}
}

static void tear_down(void)
{
	for (int i = 0; i < threads; i++) {
		free(ends[i].buf);
		MPI_Comm_free(&ends[i].comm);
	}
}

static void start(end *e, void *(*body)(void *))
{
	if (pthread_create(&e->thread, NULL, body, e))
		MPI_Abort(MPI_COMM_WORLD, 3);
}

/* windows_of is one_way of pt2pt.c, from rank 0's thread to its partner, which it is itself if there is no other
   rank. */
static void *windows_of(void *arg)
{
	end *e = arg;
	int sends = rank == 0, receives = rank == ranks - 1;
	char *out = e->buf, *in = e->buf + (ranks == 1 ? window * size : 0);
	for (long k = 0; k < e->rounds; k++, e->seq += window) {
		MPI_Request r[2 * MAX_WINDOW];
		int n = 0;
		for (int i = 0; receives && i < window; i++)
			MPI_Irecv(in + i * size, (int)size, MPI_BYTE, peer(), DATA, e->comm, &r[n++]);
		for (int i = 0; sends && i < window; i++) {
			if (opt.check)
				fill(out + i * size, size, e->number, e->seq + i);
			MPI_Isend(out + i * size, (int)size, MPI_BYTE, peer(), DATA, e->comm, &r[n++]);
		}
		MPI_Waitall(n, r, MPI_STATUSES_IGNORE);
		for (int i = 0; opt.check && receives && i < window; i++)
			verify(in + i * size, size, e->number, e->seq + i);
		if (!receives)
			MPI_Recv(NULL, 0, MPI_BYTE, peer(), DONE, e->comm, MPI_STATUS_IGNORE);
		else if (!sends)
			MPI_Send(NULL, 0, MPI_BYTE, peer(), DONE, e->comm);
	}
	return NULL;
}

/* rounds_of_all: the first pair is the processes' first threads. */
static void rounds_of_all(long n)
{
	if (!plays())
		return;
	for (int i = 0; i < threads; i++)
		ends[i].rounds = n;
	for (int i = 1; i < threads; i++)
		start(&ends[i], windows_of);
	windows_of(&ends[0]);
	for (int i = 1; i < threads; i++)
		pthread_join(ends[i].thread, NULL);
}

/* The bandwidth of all pairs together. */
void thread_bandwidth(size_t bytes)
{
	size = bytes;
	window = bytes > (2u << 20) ? 2 : MAX_WINDOW;
	set_up(opt.threads < MAX_THREADS ? opt.threads : MAX_THREADS, size * window * (ranks == 1 ? 2 : 1));
	long n = calibrate(rounds_of_all, 2);
	MPI_Barrier(MPI_COMM_WORLD);
	double t = MPI_Wtime();
	rounds_of_all(n);
	t = MPI_Wtime() - t;
	uint64_t messages = (uint64_t)threads * window * n;
	result("threads", bytes, "MB/s", (double)bytes * messages / t / 1e6, messages);
	tear_down();
}

static int over;            /* rank 0's first thread has measured */
static uint64_t large_ones; /* that have been sent */

/* send_large sends until that is so, one at least. */
static void *send_large(void *arg)
{
	end *e = arg;
	do {
		if (opt.check)
			fill(e->buf, LARGE, e->number, e->seq++);
		MPI_Send(e->buf, LARGE, MPI_BYTE, peer(), DATA, e->comm);
		large_ones++;
	} while (!__atomic_load_n(&over, __ATOMIC_RELAXED));
	MPI_Send(NULL, 0, MPI_BYTE, peer(), END, e->comm);
	return NULL;
}

static void *receive_large(void *arg)
{
	end *e = arg;
	for (MPI_Status s;;) {
		MPI_Recv(e->buf, LARGE, MPI_BYTE, peer(), MPI_ANY_TAG, e->comm, &s);
		if (s.MPI_TAG == END)
			return NULL;
		if (opt.check)
			verify(e->buf, LARGE, e->number, e->seq++);
	}
}

/* pings goes back and forth for a while, and returns how often; the longest time of one is kept. */
static uint64_t pings(end *e, double seconds, double *longest)
{
	uint64_t n = 0;
	*longest = 0;
	for (double began = MPI_Wtime(), last = began, now = began;; last = now, n++) {
		int tag = rank != 0 || now - began < seconds ? DATA : END;
		MPI_Status s = {.MPI_TAG = DATA};
		if (rank == 0 && opt.check)
			fill(e->buf, size, e->number, n);
		if (rank == 0)
			MPI_Send(e->buf, (int)size, MPI_BYTE, peer(), tag, e->comm);
		else
			MPI_Recv(e->buf, (int)size, MPI_BYTE, peer(), MPI_ANY_TAG, e->comm, &s);
		if (tag == END || s.MPI_TAG == END)
			return n;
		if (rank == 0)
			MPI_Recv(e->buf, (int)size, MPI_BYTE, peer(), DATA, e->comm, MPI_STATUS_IGNORE);
		if (opt.check)
			verify(e->buf, size, e->number, n);
		if (rank != 0)
			MPI_Send(e->buf, (int)size, MPI_BYTE, peer(), DATA, e->comm);
		now = MPI_Wtime();
		if (now - last > *longest)
			*longest = now - last;
	}
}

/*
 * The latency of one pair alone, then while another one moves messages of 64 MiB: on
 * average, and the longest time of a message there and back. Last the other's rate.
 */
void thread_latency(size_t bytes)
{
	double longest = 0, alone = 0, beside = 0, t = 0;
	uint64_t before = 0, n = 0;
	size = bytes;
	set_up(2, LARGE > bytes ? LARGE : bytes);
	over = 0;
	large_ones = 0;
	MPI_Barrier(MPI_COMM_WORLD);
	if (plays()) {
		t = MPI_Wtime();
		before = pings(&ends[0], opt.seconds, &longest);
		alone = (MPI_Wtime() - t) / 2 / before;
		start(&ends[1], rank == 0 ? send_large : receive_large);
		t = MPI_Wtime();
		n = pings(&ends[0], 2 * opt.seconds, &longest);
		__atomic_store_n(&over, 1, __ATOMIC_RELAXED);
		beside = (MPI_Wtime() - t) / 2 / n;
		pthread_join(ends[1].thread, NULL);
		t = MPI_Wtime() - t;
	}
	result("alone", bytes, "us", alone * 1e6, 2 * before);
	result("beside", bytes, "us", beside * 1e6, 2 * n);
	result("longest", bytes, "us", longest * 1e6, 2 * n);
	result("meanwhile", bytes, "MB/s", (double)LARGE * large_ones / t / 1e6, large_ones);
	tear_down();
}
