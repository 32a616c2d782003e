/* pi integrates 4/(1+x^2) from 0 to 1: each rank takes every size-th strip, a
 * reduction adds their sums.
 *
 *     mpicc -O2 -o pi pi.c && rainrun -n 4 ./pi
 */
#include <mpi.h>
#include <stdio.h>

static const double PI = 3.14159265358979323846;
enum { STRIPS = 10 * 1000 * 1000 };

int main(int argc, char **argv)
{
    int rank, size, wrong;
    double own = 0, pi = 0;

    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    for (int i = rank; i < STRIPS; i += size) {
        double x = (i + 0.5) / STRIPS;
        own += 4 / (1 + x * x) / STRIPS;
    }
    MPI_Allreduce(&own, &pi, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    wrong = !(pi - PI < 1e-9 && PI - pi < 1e-9);
    if (rank == 0)
        printf("pi is %.12f with %d ranks%s\n", pi, size, wrong ? ", which is WRONG" : "");
    MPI_Finalize();
    return wrong;
}
