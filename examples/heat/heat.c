/* heat relaxes the temperature of a square plate: Jacobi steps on a grid whose
 * rows are shared out among the ranks. Each step exchanges rows with the
 * neighbours, nonblocking, and computes the inner rows meanwhile.
 *
 * The plate begins as a sum of eigenmodes sin(p pi x) sin(q pi y), which a step
 * multiplies by (cos(p h) + cos(q h)) / 2 exactly, so that every point of the
 * result is checked, at no cost.
 *
 *     mpicc -O2 -o heat heat.c -lm
 *     rainrun -n 4 ./heat [--size N] [--steps N] [--image plate.pgm]
 */
#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double PI = 3.14159265358979323846;

enum { MODES = 3 };
static const struct { int p, q; double height; } mode[MODES] = {{1, 2, 0.5}, {3, 1, 0.3}, {5, 4, 0.2}};

static int rank, ranks;
static int size = 1024, steps = 6000;
static const char *image;

static int first, rows;    /* the rows of this rank: first to first+rows-1, of 1 to size */
static double *now, *next; /* rows+2 rows of size+2 points: with the neighbours' rows, or the edge */

static double *row(double *grid, int r) { return grid + (size_t)r * (size + 2); }

/* exact is the temperature at a point after a number of steps. */
static double exact(int r, int c, int step)
{
    const double h = PI / (size + 1);
    double sum = 0;
    for (int m = 0; m < MODES; m++) {
        double shrink = (cos(mode[m].p * h) + cos(mode[m].q * h)) / 2;
        sum += mode[m].height * pow(shrink, step) * sin(mode[m].p * h * r) * sin(mode[m].q * h * c);
    }
    return sum;
}

static void compute(int from, int to)
{
    for (int r = from; r <= to; r++) {
        const double *up = row(now, r - 1), *in = row(now, r), *down = row(now, r + 1);
        double *out = row(next, r);
        for (int c = 1; c <= size; c++)
            out[c] = 0.25 * (up[c] + down[c] + in[c - 1] + in[c + 1]);
    }
}

static void one_step(void)
{
    const int above = rank > 0 ? rank - 1 : MPI_PROC_NULL;
    const int below = rank < ranks - 1 ? rank + 1 : MPI_PROC_NULL;
    MPI_Request q[4];
    MPI_Irecv(row(now, 0), size + 2, MPI_DOUBLE, above, 0, MPI_COMM_WORLD, &q[0]);
    MPI_Irecv(row(now, rows + 1), size + 2, MPI_DOUBLE, below, 1, MPI_COMM_WORLD, &q[1]);
    MPI_Isend(row(now, 1), size + 2, MPI_DOUBLE, above, 1, MPI_COMM_WORLD, &q[2]);
    MPI_Isend(row(now, rows), size + 2, MPI_DOUBLE, below, 0, MPI_COMM_WORLD, &q[3]);
    compute(2, rows - 1);
    MPI_Waitall(4, q, MPI_STATUSES_IGNORE);
    compute(1, 1);
    if (rows > 1)
        compute(rows, rows);
    double *t = now;
    now = next;
    next = t;
}

/* worst is the greatest difference from the exact result, over all ranks. */
static double worst(int step)
{
    double own = 0, all;
    for (int r = 1; r <= rows; r++)
        for (int c = 1; c <= size; c += 7) { /* a line of points that meets every column in the end */
            int col = 1 + (c - 1 + first + r) % size;
            double d = fabs(row(now, r)[col] - exact(first + r - 1, col, step));
            own = d > own || d != d ? d : own;
        }
    MPI_Allreduce(&own, &all, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    return all;
}

/* write_image gathers the plate as grey points at rank 0: a PGM file. */
static int write_image(void)
{
    unsigned char *own = malloc((size_t)rows * size), *all = NULL;
    int *counts = NULL, *places = NULL, count = rows * size, wrong = 0;
    for (int r = 1; r <= rows; r++)
        for (int c = 1; c <= size; c++)
            own[(size_t)(r - 1) * size + c - 1] = (unsigned char)(127.5 + 127 * row(now, r)[c]);
    if (rank == 0) {
        all = malloc((size_t)size * size);
        counts = malloc(ranks * sizeof *counts);
        places = calloc(ranks + 1, sizeof *places);
    }
    MPI_Gather(&count, 1, MPI_INT, counts, 1, MPI_INT, 0, MPI_COMM_WORLD);
    for (int i = 0; rank == 0 && i < ranks; i++)
        places[i + 1] = places[i] + counts[i];
    MPI_Gatherv(own, count, MPI_UNSIGNED_CHAR, all, counts, places, MPI_UNSIGNED_CHAR, 0, MPI_COMM_WORLD);
    if (rank == 0) {
        FILE *f = fopen(image, "wb");
        wrong = !f || fprintf(f, "P5\n%d %d\n255\n", size, size) < 0 ||
                fwrite(all, size, size, f) != (size_t)size;
        if ((f && fclose(f)) || wrong) {
            perror(image);
            wrong = 1;
        }
    }
    free(own), free(all), free(counts), free(places);
    return wrong;
}

static void options(int argc, char **argv)
{
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 < argc && !strcmp(argv[i], "--size"))
            size = atoi(argv[i + 1]);
        else if (i + 1 < argc && !strcmp(argv[i], "--steps"))
            steps = atoi(argv[i + 1]);
        else if (i + 1 < argc && !strcmp(argv[i], "--image"))
            image = argv[i + 1];
        else
            size = -1;
    }
    if (size < ranks || steps < 0) {
        if (rank == 0) {
            fprintf(stderr, "usage: heat [--size N] [--steps N] [--image FILE]; a row per rank at least\n");
            MPI_Abort(MPI_COMM_WORLD, 2);
        }
        MPI_Barrier(MPI_COMM_WORLD); /* an abort of ours could come before the message */
    }
}

int main(int argc, char **argv)
{
    int wrong = 0;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    options(argc, argv);

    first = 1 + (int)((long)size * rank / ranks);
    rows = 1 + (int)((long)size * (rank + 1) / ranks) - first;
    now = calloc((size_t)(rows + 2) * (size + 2), sizeof *now);
    next = calloc((size_t)(rows + 2) * (size + 2), sizeof *next);
    for (int r = 1; r <= rows; r++)
        for (int c = 1; c <= size; c++)
            row(now, r)[c] = exact(first + r - 1, c, 0);

    double start = MPI_Wtime(), said = start;
    for (int s = 1; s <= steps; s++) {
        one_step();
        if (rank == 0 && MPI_Wtime() - said > 1) {
            said = MPI_Wtime();
            printf("step %d of %d, %.0f steps/s\n", s, steps, s / (said - start));
            fflush(stdout);
        }
    }
    double off = worst(steps);
    wrong = !(off < 1e-9);
    if (image)
        wrong |= write_image();
    if (rank == 0)
        printf("%d steps of %d x %d points on %d ranks in %.2f s; off by at most %.1e%s\n", steps, size, size,
               ranks, MPI_Wtime() - start, off, wrong ? ": WRONG" : "");
    free(now), free(next);
    MPI_Finalize();
    return wrong;
}
