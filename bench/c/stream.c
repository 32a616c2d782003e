/*
 * Rank 0 sends to the last rank for a given time, a window of messages under
 * way; the receiver says what came each tick and the longest time that has
 * passed between two messages. This is what a fault is seen with.
 *
 * A checked message begins with its number, and the rest follows from that: so
 * the receiver can tell a lost message from one that came twice or is damaged.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DATA = 1, LAST = 2 };
enum { SLOTS = 8 };
enum { NUMBER = sizeof(uint64_t) };

static void stamp(char *buf, size_t size, uint64_t seq)
{
	if (size < NUMBER) {
		fill(buf, size, 0, seq);
		return;
	}
	memcpy(buf, &seq, NUMBER);
	fill(buf + NUMBER, size - NUMBER, 0, seq);
}

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
			stamp(buf + slot * size, size, seq++);
		MPI_Isend(buf + slot * size, (int)size, MPI_BYTE, to, last ? LAST : DATA, MPI_COMM_WORLD, &r[slot]);
		if (last)
			break;
	}
	MPI_Waitall(SLOTS, r, MPI_STATUSES_IGNORE);
	free(buf);
}

struct seen {
	uint64_t messages, since; /* in all, and since the last line */
	uint64_t next;            /* number of the message that should come */
	uint64_t lost, twice, damaged;
	double first, last, line;
	double gap, tick_gap; /* longest, in all and since the last line */
};

/* judge checks a message against the number that it bears. */
static void judge(struct seen *s, const char *buf, size_t size)
{
	uint64_t seq = s->next;
	if (size < NUMBER) {
		s->damaged += !intact(buf, size, 0, seq);
	} else {
		memcpy(&seq, buf, NUMBER);
		if (!intact(buf + NUMBER, size - NUMBER, 0, seq)) {
			s->damaged++;
			seq = s->next;
		} else if (seq < s->next) {
			s->twice++;
			return;
		}
	}
	s->lost += seq - s->next;
	s->next = seq + 1;
}

/* Tells of the time between the last line and now. */
static void tell(struct seen *s, double now, size_t size)
{
	if (now - s->line < opt.tick)
		return;
	printf("{\"at\":%.4f,\"MB/s\":%.2f,\"gap\":%.6f}\n", now - s->first,
	       s->since * (double)size / (now - s->line) / 1e6, s->tick_gap);
	fflush(stdout);
	s->line = now;
	s->tick_gap = 0;
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
			tell(&s, MPI_Wtime(), size);
		}
		double now = MPI_Wtime();
		double gap = now - s.last;
		if (gap > s.gap)
			s.gap = gap;
		if (gap > s.tick_gap)
			s.tick_gap = gap;
		s.last = now;
		if (opt.check)
			judge(&s, buf + slot * size, size);
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
	/* MB/s, longest gap, messages, lost, twice, damaged: from the receiver to rank 0 */
	double f[6] = {0};
	MPI_Barrier(MPI_COMM_WORLD);
	if (rank == 0) {
		send_stream(size, ranks - 1);
		MPI_Recv(f, 6, MPI_DOUBLE, ranks - 1, DATA, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
	} else if (rank == ranks - 1) {
		struct seen s = receive_stream(size, 0);
		double all[6] = {s.messages * (double)size / (s.last - s.first) / 1e6, s.gap, (double)s.messages,
				 (double)s.lost, (double)s.twice, (double)s.damaged};
		wrong += s.lost + s.twice + s.damaged;
		MPI_Send(all, 6, MPI_DOUBLE, 0, DATA, MPI_COMM_WORLD);
	}
	result("stream", size, "MB/s", f[0], (uint64_t)f[2]);
	result("gap", size, "s", f[1], (uint64_t)f[2]);
	result("lost", size, "messages", f[3], (uint64_t)f[2]);
	result("duplicated", size, "messages", f[4], (uint64_t)f[2]);
	result("corrupted", size, "messages", f[5], (uint64_t)f[2]);
}
