/* Says who and where it is, after all have added up their ranks. With an
 * argument the last rank ends badly: abort, exit, die; or never: hang. */
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int rank, size, sum = 0, len;
    char name[MPI_MAX_PROCESSOR_NAME];
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Get_processor_name(name, &len);
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    printf("%d of %d on %s sum %d\n", rank, size, name, sum);
    fflush(stdout);
    if (argc > 1 && rank == size - 1) {
        if (!strcmp(argv[1], "abort"))
            MPI_Abort(MPI_COMM_WORLD, 7);
        if (!strcmp(argv[1], "exit"))
            exit(5);
        if (!strcmp(argv[1], "die"))
            raise(SIGKILL);
        if (!strcmp(argv[1], "hang"))
            pause();
    }
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Finalize();
    return 0;
}
