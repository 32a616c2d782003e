/* One benchmark program for every MPI: compile all of bench/c with its mpicc. */
#ifndef BENCH_H
#define BENCH_H

#include <mpi.h>
#include <stddef.h>
#include <stdint.h>

/* What the command line asked for; the same in every rank. */
struct options {
	double seconds; /* about how long one measurement takes */
	int window;     /* messages under way at a time; 0: by size */
	int check;      /* messages are filled and checked */
	double tick;    /* seconds between two lines of the stream test */
	int threads;    /* of a rank, in the test threads */
};

extern struct options opt;
extern int rank, ranks;

/* A test measures one size and prints one line. */
typedef void test(size_t size);

test latency, bandwidth, bothways, rate, stream;        /* pt2pt.c, stream.c */
test barrier, allreduce, alltoall, bcast, allgather;    /* coll.c */
test reduce, gather, scatter, reduce_scatter_block;
test put_latency, get_latency, put_bandwidth, get_bandwidth; /* onesided.c */
test thread_bandwidth, thread_latency;                  /* threads.c */
test overlap;                                           /* overlap.c */
test hello, memory_use;                                 /* launch.c */

/* check.c: message number seq from a rank, as it must be, and whether it is. */
void fill(void *buf, size_t size, int from, uint64_t seq);
int intact(const void *buf, size_t size, int from, uint64_t seq);
void verify(const void *buf, size_t size, int from, uint64_t seq); /* counts and tells what is not */
extern uint64_t wrong; /* messages that this rank has refused */

/* main.c */
void *memory(size_t size);                      /* aligned, touched; ends the job if there is none */
long calibrate(void (*once)(long n), long min); /* how often to repeat for opt.seconds, agreed on */
void result(const char *test, size_t size, const char *unit, double value, uint64_t messages);

#endif
