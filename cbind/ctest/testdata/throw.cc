// A C++ exception passes from an error handler and from an operation to the caller of MPI.
#include <stdexcept>

#include "check.h"

static void thrower(MPI_Comm *, int *code, ...) { throw *code; }

static void operation(void *, void *, int *, MPI_Datatype *) { throw std::runtime_error("no"); }

int main(int argc, char **argv) {
    OK(MPI_Init(&argc, &argv));
    MPI_Errhandler h;
    OK(MPI_Comm_create_errhandler(thrower, &h));
    OK(MPI_Comm_set_errhandler(MPI_COMM_WORLD, h));
    int x = 0, y = 0, caught = 0;
    for (int i = 0; i < 100; i++) {
        try {
            MPI_Send(&x, 1, MPI_INT, 0, -5, MPI_COMM_WORLD);
        } catch (int code) {
            CHECK(code == MPI_ERR_TAG);
            caught++;
        }
    }
    CHECK(caught == 100);
    MPI_Op op;
    OK(MPI_Op_create(operation, 1, &op));
    try {
        MPI_Reduce_local(&x, &y, 1, MPI_INT, op);
        CHECK(!"not reached");
    } catch (const std::runtime_error &) {
        caught++;
    }
    CHECK(caught == 101);
    OK(MPI_Barrier(MPI_COMM_WORLD));
    OK(MPI_Finalize());
    return 0;
}
