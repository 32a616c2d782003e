/* Starting and memory. */
#include "bench.h"

#include <stdio.h>
#include <string.h>

/* hello is timed from outside, from the launcher's start to its end. */
void hello(size_t size)
{
	(void)size;
	MPI_Barrier(MPI_COMM_WORLD);
}

/* field reads "NAME: N kB" of a file of /proc, in KiB; 0: it is not there. */
static double field(const char *file, const char *name)
{
	char line[256];
	double kib = 0;
	FILE *f = fopen(file, "r");
	while (f && fgets(line, sizeof line, f))
		if (!strncmp(line, name, strlen(name)) && sscanf(line + strlen(name), ": %lf", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib;
}

/* memory_use prints means over the ranks, while all of them are there: what each
 * had at most, and its share of what it has, where pages in common count by parts. */
void memory_use(size_t size)
{
	double mine[2] = {field("/proc/self/status", "VmHWM")}, all[2];
	(void)size;
	MPI_Barrier(MPI_COMM_WORLD);
	mine[1] = field("/proc/self/smaps_rollup", "Pss");
	MPI_Barrier(MPI_COMM_WORLD);
	MPI_Reduce(mine, all, 2, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
	result("peak", 0, "KiB", all[0] / ranks, 0);
	result("pss", 0, "KiB", all[1] / ranks, 0);
}
