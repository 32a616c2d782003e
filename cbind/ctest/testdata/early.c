/* What works before MPI_Init and after MPI_Finalize (MPI 5.0, 11.4.1). */
#include <string.h>

#include "check.h"

static void at_any_time(int initialized, int finalized) {
    char text[MPI_MAX_LIBRARY_VERSION_STRING], value[32];
    int a = -1, b = -1, flag = -1, len = sizeof value;
    OK(MPI_Get_library_version(text, &a));
    CHECK((int)strlen(text) == a && strncmp(text, "MPICH", 5) && strncmp(text, "Open MPI", 8));
    OK(MPI_Get_version(&a, &b));
    CHECK(a == 5 && b == 0);
    OK(MPI_Abi_get_version(&a, &b));
    CHECK(a == 1 && b == 0);
    OK(MPI_Initialized(&a));
    OK(MPI_Finalized(&b));
    CHECK(a == initialized && b == finalized);
    MPI_Info info, copy;
    OK(MPI_Info_create(&info));
    OK(MPI_Info_set(info, "one", "1"));
    OK(MPI_Info_set(info, "two", "zwei"));
    OK(MPI_Info_dup(info, &copy));
    OK(MPI_Info_free(&info));
    CHECK(info == MPI_INFO_NULL);
    OK(MPI_Info_get_string(copy, "two", &len, value, &flag));
    CHECK(flag && len == 5 && !strcmp(value, "zwei"));
    OK(MPI_Info_get_string(copy, "three", &len, value, &flag));
    CHECK(!flag);
    OK(MPI_Info_get_nkeys(copy, &a));
    CHECK(a == 2);
    OK(MPI_Info_get_nthkey(copy, 1, value));
    CHECK(!strcmp(value, "two"));
    OK(MPI_Info_free(&copy));
    OK(MPI_Error_string(MPI_ERR_TAG, text, &a));
    CHECK((int)strlen(text) == a && a > 0);
    CHECK(MPI_Wtime() > 0 && MPI_Wtick() > 0);
}

int main(int argc, char **argv) {
    at_any_time(0, 0);
    OK(MPI_Init(&argc, &argv));
    at_any_time(1, 0);
    OK(MPI_Finalize());
    at_any_time(1, 1);
    return 0;
}
