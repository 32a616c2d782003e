// hello has every rank greet rank 0, which checks that it has heard from each
// exactly once.
//
//     mpicxx -O2 -o hello hello.cc && rainrun -n 4 ./hello
#include <mpi.h>

#include <iostream>
#include <string>
#include <vector>

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    int rank, size, length;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    char host[MPI_MAX_PROCESSOR_NAME];
    MPI_Get_processor_name(host, &length);
    const std::string greeting = "hello from rank " + std::to_string(rank) + " on " + host;

    // The greetings differ in length, so rank 0 asks for it before it receives.
    MPI_Request sent;
    MPI_Isend(greeting.data(), int(greeting.size()), MPI_CHAR, 0, 7, MPI_COMM_WORLD, &sent);
    int wrong = 0;
    if (rank == 0) {
        std::vector<int> heard(size);
        for (int i = 0; i < size; i++) {
            MPI_Status status;
            MPI_Probe(MPI_ANY_SOURCE, 7, MPI_COMM_WORLD, &status);
            MPI_Get_count(&status, MPI_CHAR, &length);
            std::string text(length, ' ');
            MPI_Recv(&text[0], length, MPI_CHAR, status.MPI_SOURCE, 7, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
            std::cout << text << std::endl;
            const std::string start = "hello from rank " + std::to_string(status.MPI_SOURCE) + " ";
            if (text.compare(0, start.size(), start) != 0)
                wrong = 1;
            heard[status.MPI_SOURCE]++;
        }
        for (int n : heard)
            if (n != 1)
                wrong = 1;
        if (wrong)
            std::cout << "WRONG: a greeting is missing or came twice" << std::endl;
    }
    MPI_Wait(&sent, MPI_STATUS_IGNORE);
    MPI_Finalize();
    return wrong;
}
