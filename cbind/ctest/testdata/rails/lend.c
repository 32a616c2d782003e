/* A window's memory is its owner's again when MPI_Win_free or MPI_Win_detach returns, though rails send what they
   have taken for lost out of it: rank 0 gets rank 1's memory, over rails that lose packets, and rank 1 unmaps it at once. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../check.h"

enum { BYTES = 100 << 10, GETS = 8, ROUNDS = 200 };

static char got[GETS][BYTES];

int main(int argc, char **argv) {
    int rank;
    OK(MPI_Init(&argc, &argv));
    OK(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    for (int i = 0; i < ROUNDS; i++) {
        char *mine = NULL;
        MPI_Win w;
        MPI_Aint at = 0;
        int flavor = i % 3;
        if (flavor == 0)
            OK(MPI_Win_allocate(BYTES, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &mine, &w));
        else
            CHECK((mine = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) != MAP_FAILED);
        if (flavor == 1)
            OK(MPI_Win_create(mine, BYTES, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &w));
        if (flavor == 2) {
            OK(MPI_Win_create_dynamic(MPI_INFO_NULL, MPI_COMM_WORLD, &w));
            OK(MPI_Win_attach(w, mine, BYTES));
            OK(MPI_Get_address(mine, &at));
            OK(MPI_Bcast(&at, 1, MPI_AINT, 1, MPI_COMM_WORLD));
        }
        memset(mine, i + rank, BYTES);
        OK(MPI_Win_fence(0, w));
        for (int k = 0; rank == 0 && k < GETS; k++)
            OK(MPI_Get(got[k], BYTES, MPI_BYTE, 1, at, BYTES, MPI_BYTE, w));
        OK(MPI_Win_fence(0, w));
        for (int k = 0; rank == 0 && k < GETS; k++)
            CHECK(got[k][0] == (char)(i + 1) && memcmp(got[k], got[k] + 1, BYTES - 1) == 0);
        if (flavor == 2) {
            OK(MPI_Win_detach(w, mine));
            CHECK(munmap(mine, BYTES) == 0);
        }
        OK(MPI_Win_free(&w));
        if (flavor == 1)
            CHECK(munmap(mine, BYTES) == 0);
    }
    for (int i = 0; i < ROUNDS; i++) { /* likewise what is sent by a request that is freed, when a reply has come */
        if (rank == 0) {
            OK(MPI_Recv(got[0], BYTES, MPI_BYTE, 1, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
            CHECK(got[0][0] == (char)i && memcmp(got[0], got[0] + 1, BYTES - 1) == 0);
            OK(MPI_Send(NULL, 0, MPI_BYTE, 1, 2, MPI_COMM_WORLD));
            usleep(8000); /* rank 1 sends again meanwhile */
            OK(MPI_Send(NULL, 0, MPI_BYTE, 1, 3, MPI_COMM_WORLD));
            continue;
        }
        MPI_Request r;
        char *mine = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(mine != MAP_FAILED);
        memset(mine, i, BYTES);
        OK(MPI_Isend(mine, BYTES, MPI_BYTE, 0, 1, MPI_COMM_WORLD, &r));
        OK(MPI_Request_free(&r));
        OK(MPI_Recv(NULL, 0, MPI_BYTE, 0, 2, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
        CHECK(munmap(mine, BYTES) == 0);
        OK(MPI_Recv(NULL, 0, MPI_BYTE, 0, 3, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    }
    OK(MPI_Finalize());
    return 0;
}
