/* What the library says of its ABI and of the hardware, and communicators by hardware (MPI 5.0, 20, 9.1.2 and 7.4.2). */
#include <string.h>

#include "check.h"

static int has(MPI_Info info, const char *key, const char *value) {
    char text[64];
    int flag, len = sizeof text;
    OK(MPI_Info_get_string(info, key, &len, text, &flag));
    return flag && !strcmp(text, value);
}

static void sizes(void) {
    MPI_Info info;
    OK(MPI_Abi_get_info(&info));
    CHECK(has(info, "mpi_aint_size", "8") && has(info, "mpi_count_size", "8") && has(info, "mpi_offset_size", "8"));
    OK(MPI_Info_free(&info));
}

/* The sizes are those of the datatypes. */
static void fortran(void) {
    struct { const char *key; MPI_Datatype type; } kinds[] = {{"mpi_logical_size", MPI_LOGICAL}, {"mpi_integer_size", MPI_INTEGER},
        {"mpi_real_size", MPI_REAL}, {"mpi_double_precision_size", MPI_DOUBLE_PRECISION}};
    MPI_Info info;
    int n, set;
    OK(MPI_Abi_get_fortran_info(&info));
    for (int i = 0; i < 4; i++) {
        char text[16];
        OK(MPI_Type_size(kinds[i].type, &n));
        snprintf(text, sizeof text, "%d", n);
        CHECK(has(info, kinds[i].key, text));
    }
    struct { const char *key; MPI_Datatype type; } optional[] = {{"mpi_logical16_supported", MPI_LOGICAL16},
        {"mpi_integer16_supported", MPI_INTEGER16}, {"mpi_real2_supported", MPI_REAL2}, {"mpi_real16_supported", MPI_REAL16},
        {"mpi_complex4_supported", MPI_COMPLEX4}, {"mpi_complex32_supported", MPI_COMPLEX32}, {"mpi_double_complex_supported", MPI_DOUBLE_COMPLEX}};
    for (int i = 0; i < 7; i++) {
        OK(MPI_Type_size(optional[i].type, &n));
        CHECK(n != MPI_UNDEFINED && has(info, optional[i].key, "true"));
    }
    OK(MPI_Info_get_nkeys(info, &n));
    CHECK(n == 23);
    FAILS(MPI_ERR_ABI, MPI_Abi_set_fortran_info(info));
    OK(MPI_Info_free(&info));

    int t4 = 7, f4 = 7;
    unsigned long long t16[2] = {7, 7}, f16[2] = {7, 7};
    signed char t1[2] = {7, 7}, f1[2] = {7, 7};
    OK(MPI_Abi_get_fortran_booleans(4, &t4, &f4, &set));
    CHECK(set && t4 == 1 && f4 == 0);
    OK(MPI_Abi_get_fortran_booleans(16, t16, f16, &set));
    CHECK(set && t16[0] == 1 && t16[1] == 0 && f16[0] == 0 && f16[1] == 0);
    OK(MPI_Abi_get_fortran_booleans(1, t1, f1, &set));
    CHECK(set && t1[0] == 1 && f1[0] == 0 && t1[1] == 7 && f1[1] == 7);
    FAILS(MPI_ERR_ARG, MPI_Abi_get_fortran_booleans(3, &t4, &f4, &set));
    FAILS(MPI_ERR_ABI, MPI_Abi_set_fortran_booleans(4, &t4, &f4));
    int minus = -1; /* what Intel's compiler writes for .TRUE. */
    OK(MPI_Reduce_local(&minus, &t4, 1, MPI_LOGICAL, MPI_LAND));
    CHECK(t4 == 1);
}

/* Who is restricted to an instance has a communicator of those who are. */
static void together(MPI_Comm part, int restricted) {
    int size, sum;
    CHECK((part != MPI_COMM_NULL) == restricted);
    if (!restricted) return;
    OK(MPI_Comm_size(part, &size));
    OK(MPI_Allreduce(&restricted, &sum, 1, MPI_INT, MPI_SUM, part));
    CHECK(sum == size);
    OK(MPI_Comm_free(&part));
}

static MPI_Comm split(int type, const char *key, const char *value) {
    MPI_Info info = MPI_INFO_NULL;
    MPI_Comm part;
    if (key) {
        OK(MPI_Info_create(&info));
        OK(MPI_Info_set(info, key, value));
    }
    OK(MPI_Comm_split_type(MPI_COMM_WORLD, type, 0, info, &part));
    if (key) OK(MPI_Info_free(&info));
    return part;
}

static void hardware(int rank, int size) {
    MPI_Info info;
    int n, result, value;
    OK(MPI_Get_hw_resource_info(&info));
    OK(MPI_Info_get_nkeys(info, &n));
    for (int i = 0; i < n; i++) {
        char resource[MPI_MAX_INFO_KEY + 1];
        OK(MPI_Info_get_nthkey(info, i, resource));
        CHECK(strstr(resource, "://") && (has(info, resource, "true") || has(info, resource, "false")));
        together(split(MPI_COMM_TYPE_HW_GUIDED, "mpi_hw_resource_type", resource), has(info, resource, "true"));
        together(split(MPI_COMM_TYPE_RESOURCE_GUIDED, "mpi_hw_resource_type", resource), has(info, resource, "true"));
    }
    OK(MPI_Info_free(&info));

    MPI_Comm part = split(MPI_COMM_TYPE_HW_GUIDED, "mpi_hw_resource_type", "mpi_shared_memory");
    OK(MPI_Comm_compare(part, MPI_COMM_WORLD, &result)); /* one host */
    CHECK(result == MPI_CONGRUENT);
    OK(MPI_Comm_free(&part));
    CHECK(split(MPI_COMM_TYPE_HW_GUIDED, NULL, NULL) == MPI_COMM_NULL);
    CHECK(split(MPI_COMM_TYPE_HW_GUIDED, "mpi_hw_resource_type", "moon://crater") == MPI_COMM_NULL);
    CHECK(split(MPI_COMM_TYPE_RESOURCE_GUIDED, "mpi_pset_name", "mpi://MOON") == MPI_COMM_NULL);
    part = split(MPI_COMM_TYPE_RESOURCE_GUIDED, "mpi_pset_name", "mpi://WORLD");
    OK(MPI_Comm_compare(part, MPI_COMM_WORLD, &result));
    CHECK(result == MPI_CONGRUENT);
    OK(MPI_Comm_free(&part));
    part = split(MPI_COMM_TYPE_RESOURCE_GUIDED, "mpi_pset_name", "mpi://SELF");
    OK(MPI_Comm_size(part, &n));
    CHECK(n == 1);
    OK(MPI_Comm_free(&part));

    /* Who takes no part does not know the type that the others ask for. */
    OK(MPI_Comm_split_type(MPI_COMM_WORLD, rank ? MPI_UNDEFINED : MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &part));
    CHECK((part == MPI_COMM_NULL) == (rank != 0));
    if (part != MPI_COMM_NULL) OK(MPI_Comm_free(&part));

    /* Unguided parts are smaller than the whole, and named. */
    OK(MPI_Info_create(&info));
    OK(MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_HW_UNGUIDED, 0, info, &part));
    OK(MPI_Info_get_nkeys(info, &n));
    CHECK(n == (part != MPI_COMM_NULL));
    if (part != MPI_COMM_NULL) {
        OK(MPI_Comm_size(part, &value));
        CHECK(value < size);
        OK(MPI_Comm_free(&part));
    }
    OK(MPI_Info_free(&info));
}

int main(int argc, char **argv) {
    int rank, size;
    sizes();
    OK(MPI_Init(&argc, &argv));
    OK(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    OK(MPI_Comm_size(MPI_COMM_WORLD, &size));
    OK(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
    OK(MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN));
    sizes();
    fortran();
    hardware(rank, size);
    OK(MPI_Finalize());
    sizes();
    return 0;
}
