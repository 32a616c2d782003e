/*
 * judge SIZE MESSAGE...: has the stream test judge messages, without an MPI. A
 * message is its number; an x behind it damages its last byte, a y the first one
 * behind the number, an n the number itself. Prints how many were lost, came
 * twice, and were damaged.
 */
#include "stream.c"

struct options opt;
int rank, ranks = 2;

void *memory(size_t size)
{
	return malloc(size);
}

void result(const char *test, size_t size, const char *unit, double value, uint64_t messages)
{
	(void)test, (void)size, (void)unit, (void)value, (void)messages;
}

int main(int argc, char **argv)
{
	size_t size = strtoul(argv[1], NULL, 10);
	char *buf = memory(size);
	struct seen s = {0};
	for (int i = 2; i < argc; i++) {
		char *how;
		stamp(buf, size, strtoull(argv[i], &how, 10));
		switch (*how) {
		case 'x': buf[size - 1] ^= 1; break;
		case 'y': buf[NUMBER] ^= 1; break;
		case 'n': buf[0] ^= 0x40; break;
		}
		judge(&s, buf, size);
	}
	printf("%llu %llu %llu\n", (unsigned long long)s.lost, (unsigned long long)s.twice, (unsigned long long)s.damaged);
	return 0;
}
