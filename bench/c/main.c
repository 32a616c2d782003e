/*
 * bench [-t test,...] [-s size,...] [-d seconds] [-w window] [-k tick seconds] [-n threads] [-c]
 *
 * Prints one JSON object a line for each test and size. Exits with 1 if a
 * checked message was wrong.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct options opt = {.seconds = 0.3, .tick = 0.1, .threads = 2};
int rank, ranks;

static const struct {
	const char *name;
	test *run;
	int min_ranks;
} tests[] = {
	{"latency", latency, 2}, {"bandwidth", bandwidth, 2}, {"bothways", bothways, 2},
	{"rate", rate, 2},       {"stream", stream, 2},       {"barrier", barrier, 1},
	{"bcast", bcast, 1},     {"allreduce", allreduce, 1}, {"allgather", allgather, 1},
	{"alltoall", alltoall, 1}, {"reduce", reduce, 1},     {"gather", gather, 1},
	{"scatter", scatter, 1}, {"reduce_scatter_block", reduce_scatter_block, 1},
	{"put", put_latency, 2}, {"get", get_latency, 2},     {"puts", put_bandwidth, 2},
	{"gets", get_bandwidth, 2}, {"overlap", overlap, 2},
	{"threads", thread_bandwidth, 1}, {"beside", thread_latency, 2},
	{"hello", hello, 1},     {"memory", memory_use, 1},
};

static void die(const char *what, const char *word)
{
	if (rank == 0)
		fprintf(stderr, "bench: %s: %s\n", what, word);
	MPI_Finalize();
	exit(2);
}

void *memory(size_t size)
{
	void *p = NULL;
	if (posix_memalign(&p, 4096, size ? size : 1)) {
		fprintf(stderr, "bench: rank %d: no memory for %zu bytes\n", rank, size);
		MPI_Abort(MPI_COMM_WORLD, 3);
	}
	memset(p, 1, size);
	return p;
}

/* settle lets a moment pass before the first measurement: the kernel spreads processes that have just
   begun over the processors only by and by, and until then those that share one wait for each other. */
static void settle(void)
{
	static int settled;
	int more = !settled;
	double t = MPI_Wtime();
	for (settled = 1; more;) {
		MPI_Barrier(MPI_COMM_WORLD);
		more = MPI_Wtime() - t < 0.3;
		MPI_Bcast(&more, 1, MPI_INT, 0, MPI_COMM_WORLD);
	}
}

long calibrate(void (*once)(long), long min)
{
	long n = min;
	settle();
	for (;;) {
		MPI_Barrier(MPI_COMM_WORLD);
		double t = MPI_Wtime();
		once(n);
		t = MPI_Wtime() - t;
		double want = n * opt.seconds / (t > 1e-9 ? t : 1e-9);
		int enough = t > opt.seconds / 10;
		if (!enough && want > 16.0 * n)
			want = 16.0 * n; /* the first rounds are slow: do not trust them far */
		if (want > 1e9)
			want = 1e9;
		n = (long)want > min ? (long)want : min;
		MPI_Bcast(&n, 1, MPI_LONG, 0, MPI_COMM_WORLD);
		MPI_Bcast(&enough, 1, MPI_INT, 0, MPI_COMM_WORLD);
		if (enough)
			return n;
	}
}

void result(const char *test, size_t size, const char *unit, double value, uint64_t messages)
{
	uint64_t all = 0;
	MPI_Reduce(&wrong, &all, 1, MPI_UINT64_T, MPI_SUM, 0, MPI_COMM_WORLD);
	if (rank == 0) {
		printf("{\"test\":\"%s\",\"size\":%zu,\"ranks\":%d,\"value\":%.6g,\"unit\":\"%s\","
		       "\"messages\":%llu,\"checked\":%s,\"wrong\":%llu}\n",
		       test, size, ranks, value, unit, (unsigned long long)messages,
		       opt.check ? "true" : "false", (unsigned long long)all);
		fflush(stdout);
	}
}

/* bytes reads 8, 64k, 1M. */
static size_t bytes(const char *s)
{
	char *end;
	double v = strtod(s, &end);
	if (*end == 'k' || *end == 'K')
		v *= 1 << 10, end++;
	else if (*end == 'm' || *end == 'M')
		v *= 1 << 20, end++;
	if (end == s || *end || v < 0)
		die("not a size", s);
	return (size_t)v;
}

static void run(const char *name, const char *sizes)
{
	for (size_t t = 0; t < sizeof tests / sizeof *tests; t++) {
		if (strcmp(name, tests[t].name))
			continue;
		if (ranks < tests[t].min_ranks)
			die("needs two ranks", name);
		char *list = strdup(sizes), *rest = list, *word;
		while ((word = strsep(&rest, ",")))
			tests[t].run(bytes(word));
		free(list);
		return;
	}
	die("no such test", name);
}

int main(int argc, char **argv)
{
	const char *names = "latency", *sizes = "8";
	for (int o; (o = getopt(argc, argv, "t:s:d:w:k:n:c")) != -1;) {
		switch (o) {
		case 't': names = optarg; break;
		case 's': sizes = optarg; break;
		case 'd': opt.seconds = atof(optarg); break;
		case 'w': opt.window = atoi(optarg); break;
		case 'k': opt.tick = atof(optarg); break;
		case 'n': opt.threads = atoi(optarg); break;
		case 'c': opt.check = 1; break;
		default: return 2;
		}
	}
	/* Nobody pays for threads but who has some. */
	int level = strstr(names, "threads") || strstr(names, "beside") ? MPI_THREAD_MULTIPLE : MPI_THREAD_SINGLE, given;
	MPI_Init_thread(&argc, &argv, level, &given);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Comm_size(MPI_COMM_WORLD, &ranks);
	if (given < level)
		die("this MPI does not allow several threads", names);
	if (!(opt.seconds > 0) || opt.window < 0 || !(opt.tick > 0) || opt.threads < 1)
		die("not a duration, window, tick or number of threads", "-d, -w, -k, -n");
	char *list = strdup(names), *rest = list, *word;
	while ((word = strsep(&rest, ",")))
		run(word, sizes);
	free(list);
	uint64_t mine = wrong, all;
	MPI_Allreduce(&mine, &all, 1, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
	MPI_Finalize();
	return all != 0;
}
