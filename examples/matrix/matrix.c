/* matrix keeps a matrix in one file. All ranks write it together, each its
 * rectangle of a grid, and read it back together in another decomposition: a
 * band of whole rows. Views say where a rank's part is; the library makes long
 * runs of what all ranks ask for. What the file holds does not depend on who
 * wrote it.
 *
 *     mpicc -O2 -o matrix matrix.c && rainrun -n 4 ./matrix [file [rows columns]]
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

enum { HEAD = 2 }; /* integers before the matrix: rows, columns */

/* Files return errors by default; here they end the job, with a message. */
static void stop_on_errors(void)
{
    MPI_File_set_errhandler(MPI_FILE_NULL, MPI_ERRORS_ARE_FATAL);
}

static double element(int row, int column) { return row + column / 1000.0; }

/* The part [from, to) of n that is the i-th of parts. */
static void deal(int n, int parts, int i, int *from, int *count)
{
    *from = (int)((long)n * i / parts);
    *count = (int)((long)n * (i + 1) / parts) - *from;
}

/* A view of a rectangle of the matrix. */
static void look_at(MPI_File file, const int shape[2], const int from[2], const int count[2])
{
    MPI_Datatype part;
    if (count[0] == 0 || count[1] == 0) /* more ranks than rows: nothing to see */
        MPI_Type_contiguous(0, MPI_DOUBLE, &part);
    else
        MPI_Type_create_subarray(2, shape, count, from, MPI_ORDER_C, MPI_DOUBLE, &part);
    MPI_Type_commit(&part);
    MPI_File_set_view(file, HEAD * sizeof(int), MPI_DOUBLE, part, "native", MPI_INFO_NULL);
    MPI_Type_free(&part);
}

static void write_grid(const char *name, const int shape[2], int rank, int size)
{
    MPI_File file;
    int grid[2] = {0, 0}, from[2], count[2];
    MPI_File_open(MPI_COMM_WORLD, name, MPI_MODE_CREATE | MPI_MODE_WRONLY, MPI_INFO_NULL, &file);
    MPI_File_set_size(file, 0); /* whatever was there */
    if (rank == 0)
        MPI_File_write(file, shape, HEAD, MPI_INT, MPI_STATUS_IGNORE);
    MPI_Dims_create(size, 2, grid);
    deal(shape[0], grid[0], rank / grid[1], &from[0], &count[0]);
    deal(shape[1], grid[1], rank % grid[1], &from[1], &count[1]);
    double *mine = malloc((size_t)count[0] * count[1] * sizeof *mine + 1);
    for (int i = 0; i < count[0]; i++)
        for (int j = 0; j < count[1]; j++)
            mine[(size_t)i * count[1] + j] = element(from[0] + i, from[1] + j);
    look_at(file, shape, from, count);
    MPI_File_write_all(file, mine, count[0] * count[1], MPI_DOUBLE, MPI_STATUS_IGNORE);
    MPI_File_close(&file);
    free(mine);
}

static long read_rows(const char *name, int rank, int size)
{
    MPI_File file;
    MPI_Status status;
    int shape[HEAD], from[2] = {0, 0}, count[2], got;
    long wrong = 0;
    MPI_File_open(MPI_COMM_WORLD, name, MPI_MODE_RDONLY | MPI_MODE_DELETE_ON_CLOSE, MPI_INFO_NULL, &file);
    MPI_File_read_all(file, shape, HEAD, MPI_INT, MPI_STATUS_IGNORE);
    deal(shape[0], size, size - 1 - rank, &from[0], &count[0]); /* the last rank has the first rows */
    count[1] = shape[1];
    double *mine = malloc((size_t)count[0] * count[1] * sizeof *mine + 1);
    look_at(file, shape, from, count);
    MPI_File_read_all(file, mine, count[0] * count[1], MPI_DOUBLE, &status);
    MPI_Get_count(&status, MPI_DOUBLE, &got);
    wrong += got != count[0] * count[1];
    for (int i = 0; i < count[0]; i++)
        for (int j = 0; j < count[1]; j++)
            wrong += mine[(size_t)i * count[1] + j] != element(from[0] + i, j);
    MPI_File_close(&file);
    free(mine);
    return wrong;
}

int main(int argc, char **argv)
{
    int rank, size, shape[2] = {argc > 3 ? atoi(argv[2]) : 1000, argc > 3 ? atoi(argv[3]) : 700};
    const char *name = argc > 1 ? argv[1] : "matrix.dat";
    long wrong, all = 0;
    MPI_Offset bytes = 0;

    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (shape[0] < 1 || shape[1] < 1) {
        if (rank == 0)
            fprintf(stderr, "matrix: rows and columns must be positive numbers\n");
        MPI_Abort(MPI_COMM_WORLD, 2);
    }
    stop_on_errors();
    double start = MPI_Wtime();
    write_grid(name, shape, rank, size);
    if (rank == 0) {
        MPI_File file;
        MPI_File_open(MPI_COMM_SELF, name, MPI_MODE_RDONLY, MPI_INFO_NULL, &file);
        MPI_File_get_size(file, &bytes);
        MPI_File_close(&file);
    }
    wrong = read_rows(name, rank, size);
    MPI_Reduce(&wrong, &all, 1, MPI_LONG, MPI_SUM, 0, MPI_COMM_WORLD);
    if (rank == 0) {
        all += bytes != HEAD * (MPI_Offset)sizeof(int) + (MPI_Offset)shape[0] * shape[1] * (MPI_Offset)sizeof(double);
        printf("%d x %d numbers written by %d ranks and read by rows in %.3f s: %s\n", shape[0], shape[1], size, MPI_Wtime() - start,
               all ? "WRONG" : "right");
    }
    MPI_Bcast(&all, 1, MPI_LONG, 0, MPI_COMM_WORLD);
    MPI_Finalize();
    return all != 0;
}
