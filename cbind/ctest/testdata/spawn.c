/* Processes that this program starts, which are itself; ports and names (MPI 5.0, 11.8, 11.9). */
#include "check.h"

#include <string.h>
#include <unistd.h>

/* A child has its arguments, its number of program, and parents. */
static int child(MPI_Comm parent, int argc, char **argv) {
    int rank, size, parents, *number, flag, got = -1, resultlen;
    char name[MPI_MAX_OBJECT_NAME];
    OK(MPI_Comm_rank(parent, &rank));
    OK(MPI_Comm_size(parent, &size));
    OK(MPI_Comm_remote_size(parent, &parents));
    OK(MPI_Comm_get_name(parent, name, &resultlen));
    CHECK(!strcmp(name, "MPI_COMM_PARENT"));
    CHECK(argc == 3 && !strcmp(argv[1], "child") && !strcmp(argv[2], rank < 2 ? "of the first" : "of \"the\" second"));
    OK(MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_APPNUM, &number, &flag));
    CHECK(flag && *number == rank / 2 && size == 3);
    OK(MPI_Bcast(&got, 1, MPI_INT, 0, parent));
    CHECK(got == 42);
    OK(MPI_Send(&rank, 1, MPI_INT, parents - 1, 5, parent));
    OK(MPI_Comm_disconnect(&parent));
    OK(MPI_Comm_get_parent(&parent));
    CHECK(parent == MPI_COMM_NULL);
    OK(MPI_Finalize());
    return 0;
}

static void spawn(const char *self, int rank, int size) {
    char *commands[] = {(char *)self, (char *)self}, *first[] = {"child", "of the first", NULL}, *second[] = {"child", "of \"the\" second", NULL};
    char **args[] = {first, second};
    int many[] = {2, 1}, codes[3] = {-1, -1, -1}, answer = 42, got;
    MPI_Info none[] = {MPI_INFO_NULL, MPI_INFO_NULL};
    MPI_Comm inter;
    OK(MPI_Comm_spawn_multiple(2, commands, args, many, none, size - 1, MPI_COMM_WORLD, &inter, codes));
    CHECK(codes[0] == MPI_SUCCESS && codes[1] == MPI_SUCCESS && codes[2] == MPI_SUCCESS);
    OK(MPI_Bcast(&answer, 1, MPI_INT, rank == 0 ? MPI_ROOT : MPI_PROC_NULL, inter));
    for (int w = 0; rank == size - 1 && w < 3; w++) {
        OK(MPI_Recv(&got, 1, MPI_INT, w, 5, inter, MPI_STATUS_IGNORE));
        CHECK(got == w);
    }
    OK(MPI_Comm_disconnect(&inter));
    CHECK(inter == MPI_COMM_NULL);
    FAILS(MPI_ERR_SPAWN, MPI_Comm_spawn("./there-is-no-such-program", MPI_ARGV_NULL, 3, MPI_INFO_NULL, 0, MPI_COMM_WORLD, &inter, codes));
    CHECK(inter == MPI_COMM_NULL && codes[0] == MPI_ERR_SPAWN && codes[2] == MPI_ERR_SPAWN);
}

/* Two ranks meet at a port that one of them has published. */
static void ports(int rank) {
    char port[MPI_MAX_PORT_NAME] = "", found[MPI_MAX_PORT_NAME], service[64];
    int got = -1;
    MPI_Comm inter;
    snprintf(service, sizeof service, "ctest %d", (int)getppid());
    if (rank == 0) {
        OK(MPI_Open_port(MPI_INFO_NULL, port));
        OK(MPI_Publish_name(service, MPI_INFO_NULL, port));
        FAILS(MPI_ERR_SERVICE, MPI_Publish_name(service, MPI_INFO_NULL, port));
    }
    OK(MPI_Barrier(MPI_COMM_WORLD));
    OK(MPI_Lookup_name(service, MPI_INFO_NULL, found));
    OK(MPI_Barrier(MPI_COMM_WORLD)); /* rank 0 takes the name back soon */
    if (rank == 0) {
        OK(MPI_Comm_accept(port, MPI_INFO_NULL, 0, MPI_COMM_SELF, &inter));
        OK(MPI_Send(&rank, 1, MPI_INT, 0, 0, inter));
    } else if (rank == 1) {
        OK(MPI_Comm_connect(found, MPI_INFO_NULL, 0, MPI_COMM_SELF, &inter));
        OK(MPI_Recv(&got, 1, MPI_INT, 0, 0, inter, MPI_STATUS_IGNORE));
        CHECK(got == 0);
    }
    if (rank < 2) OK(MPI_Comm_disconnect(&inter));
    if (rank == 0) {
        OK(MPI_Unpublish_name(service, MPI_INFO_NULL, port));
        OK(MPI_Close_port(port));
        FAILS(MPI_ERR_PORT, MPI_Close_port(port));
    }
    OK(MPI_Barrier(MPI_COMM_WORLD));
    FAILS(MPI_ERR_NAME, MPI_Lookup_name(service, MPI_INFO_NULL, found));
}

int main(int argc, char **argv) {
    int rank, size;
    MPI_Comm parent;
    OK(MPI_Init(&argc, &argv));
    OK(MPI_Comm_get_parent(&parent));
    if (parent != MPI_COMM_NULL) return child(parent, argc, argv);
    OK(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    OK(MPI_Comm_size(MPI_COMM_WORLD, &size));
    OK(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
    OK(MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN));
    if (size > 1) {
        spawn(argv[0], rank, size);
        ports(rank);
    } else {
        /* Nobody is there to start processes. */
        FAILS(MPI_ERR_SPAWN, MPI_Comm_spawn(argv[0], MPI_ARGV_NULL, 1, MPI_INFO_NULL, 0, MPI_COMM_WORLD, &parent, MPI_ERRCODES_IGNORE));
    }
    OK(MPI_Finalize());
    return 0;
}
