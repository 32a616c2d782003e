/* Rank 0 publishes a name, the last rank looks it up and finds no other; then it is
 * taken back. With an argument rank 0 asks for more processes. */
#include <mpi.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    int rank, size, failed;
    char port[MPI_MAX_PORT_NAME] = "a-port", found[MPI_MAX_PORT_NAME] = "";
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    if (argc > 1 && rank == 0) {
        MPI_Comm more;
        failed = MPI_Comm_spawn(argv[1], MPI_ARGV_NULL, 1, MPI_INFO_NULL, 0, MPI_COMM_SELF, &more, MPI_ERRCODES_IGNORE);
        printf("spawn %s\n", failed == MPI_SUCCESS ? "works" : "fails");
    }
    if (rank == 0) {
        failed = MPI_Publish_name("a-service", MPI_INFO_NULL, port);
        printf("published %d\n", failed == MPI_SUCCESS);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == size - 1) {
        failed = MPI_Lookup_name("a-service", MPI_INFO_NULL, found);
        printf("found %d %s\n", failed == MPI_SUCCESS, found);
        failed = MPI_Lookup_name("another", MPI_INFO_NULL, found);
        printf("another %d\n", failed == MPI_SUCCESS);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0) {
        failed = MPI_Unpublish_name("a-service", MPI_INFO_NULL, port);
        printf("taken back %d\n", failed == MPI_SUCCESS);
        failed = MPI_Lookup_name("a-service", MPI_INFO_NULL, found);
        printf("found again %d\n", failed == MPI_SUCCESS);
    }
    MPI_Finalize();
    return 0;
}
