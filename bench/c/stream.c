/*
 * Rank 0 sends to the last rank for a given time, a window of messages under
 * way; the receiver says what came each tenth of a second and the longest time
 * in which nothing came. This is what a fault is seen with.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

enum { DATA = 1, LAST = 2 };
enum { SLOTS = 8 };
static const double tick = 0.1; /* seconds */

static void send_stream(size_t size, int to)
{
	char *buf = memory(size * SLOTS);
	MPI_Request r[SLOTS];
	uint64_t seq = 0;
	double end = MPI_Wtime() + opt.seconds;
	for (int i = 0; i < SLOTS; i++)
		r[i] = MPI_REQUEST_NULL;
	for (int slot = 0;; slot = (slot + 1) % SLOTS) {
		MPI_Wait(&r[slot], MPI_STATUS_IGNORE);
		int last = MPI_Wtime() >= end;
		if (opt.check)
			fill(buf + slot * size, size, rank, seq++);
		MPI_Isend(buf + slot * size, (int)size, MPI_BYTE, to, last ? LAST : DATA, MPI_COMM_WORLD, &r[slot]);
		if (last)
			break;
	}
	MPI_Waitall(SLOTS, r, MPI_STATUSES_IGNORE);
	free(buf);
}

struct seen {
	uint64_t messages, since; /* in all, and since the last line */
	double first, last, line, gap;
};

/* Tells of the time between the last line and now. */
static void tell(struct seen *s, double now, size_t size, int force)
{
	if (!force && now - s->line < tick)
		return;
	printf("{\"at\":%.3f,\"MB/s\":%.2f}\n", now - s->first, s->since * (double)size / (now - s->line) / 1e6);
	fflush(stdout);
	s->line = now;
	s->since = 0;
}

static struct seen receive_stream(size_t size, int from)
{
	char *buf = memory(size * SLOTS);
	MPI_Request r[SLOTS];
	struct seen s = {0};
	for (int i = 0; i < SLOTS; i++)
		MPI_Irecv(buf + i * size, (int)size, MPI_BYTE, from, MPI_ANY_TAG, MPI_COMM_WORLD, &r[i]);
	s.first = s.last = s.line = MPI_Wtime();
	for (int slot = 0, last = 0; !last; slot = (slot + 1) % SLOTS) {
		MPI_Status st;
		for (int done = 0; !done;) {
			MPI_Test(&r[slot], &done, &st);
			tell(&s, MPI_Wtime(), size, 0);
		}
		double now = MPI_Wtime();
		if (now - s.last > s.gap)
			s.gap = now - s.last;
		s.last = now;
		if (opt.check)
			verify(buf + slot * size, size, from, s.messages);
		s.messages++;
		s.since++;
		last = st.MPI_TAG == LAST;
		if (!last)
			MPI_Irecv(buf + slot * size, (int)size, MPI_BYTE, from, MPI_ANY_TAG, MPI_COMM_WORLD, &r[slot]);
		else
			r[slot] = MPI_REQUEST_NULL;
	}
	for (int i = 0; i < SLOTS; i++) {
		if (r[i] == MPI_REQUEST_NULL)
			continue;
		MPI_Cancel(&r[i]);
		MPI_Wait(&r[i], MPI_STATUS_IGNORE);
	}
	free(buf);
	return s;
}

void stream(size_t size)
{
	double figures[3] = {0}; /* MB/s, longest gap, messages: from the receiver to rank 0 */
	MPI_Barrier(MPI_COMM_WORLD);
	if (rank == 0) {
		send_stream(size, ranks - 1);
		MPI_Recv(figures, 3, MPI_DOUBLE, ranks - 1, DATA, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
	} else if (rank == ranks - 1) {
		struct seen s = receive_stream(size, 0);
		figures[0] = s.messages * (double)size / (s.last - s.first) / 1e6;
		figures[1] = s.gap;
		figures[2] = (double)s.messages;
		MPI_Send(figures, 3, MPI_DOUBLE, 0, DATA, MPI_COMM_WORLD);
	}
	result("stream", size, "MB/s", figures[0], (uint64_t)figures[2]);
	result("gap", size, "s", figures[1], (uint64_t)figures[2]);
}
