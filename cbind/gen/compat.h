#if !defined(MPI_ABI_STRICT)
/*
 * Outside the standard ABI: macros and static functions only, so that a binary needs nothing of
 * them from the library. Compile with -DMPI_ABI_STRICT to do without.
 */

/* Fortran's INTEGER, and handles as Fortran has them (MPI 5.0, 19.3.4). */
typedef int MPI_Fint;

#define RAIN_HANDLE_CONVERSION(T) \
    static __inline__ MPI_Fint PMPI_##T##_c2f(MPI_##T h) { return MPI_##T##_toint(h); } \
    static __inline__ MPI_##T PMPI_##T##_f2c(MPI_Fint i) { return MPI_##T##_fromint(i); } \
    static __inline__ MPI_Fint MPI_##T##_c2f(MPI_##T h) { return MPI_##T##_toint(h); } \
    static __inline__ MPI_##T MPI_##T##_f2c(MPI_Fint i) { return MPI_##T##_fromint(i); }
RAIN_HANDLE_CONVERSION(Comm)
RAIN_HANDLE_CONVERSION(Errhandler)
RAIN_HANDLE_CONVERSION(File)
RAIN_HANDLE_CONVERSION(Group)
RAIN_HANDLE_CONVERSION(Info)
RAIN_HANDLE_CONVERSION(Message)
RAIN_HANDLE_CONVERSION(Op)
RAIN_HANDLE_CONVERSION(Request)
RAIN_HANDLE_CONVERSION(Session)
RAIN_HANDLE_CONVERSION(Win)
#undef RAIN_HANDLE_CONVERSION
static __inline__ MPI_Fint MPI_Type_c2f(MPI_Datatype t) { return MPI_Type_toint(t); }
static __inline__ MPI_Datatype MPI_Type_f2c(MPI_Fint i) { return MPI_Type_fromint(i); }
#define PMPI_Type_c2f MPI_Type_c2f
#define PMPI_Type_f2c MPI_Type_f2c

/* A Fortran status is MPI_F_STATUS_SIZE integers in the order of MPI_Status. */
static __inline__ int MPI_Status_c2f(const MPI_Status *c, MPI_Fint *f) {
    const int *words = (const int *)c;
    int i;
    for (i = 0; i < MPI_F_STATUS_SIZE; i++) f[i] = words[i];
    return MPI_SUCCESS;
}
static __inline__ int MPI_Status_f2c(const MPI_Fint *f, MPI_Status *c) {
    int *words = (int *)c;
    int i;
    for (i = 0; i < MPI_F_STATUS_SIZE; i++) words[i] = f[i];
    return MPI_SUCCESS;
}
#define PMPI_Status_c2f MPI_Status_c2f
#define PMPI_Status_f2c MPI_Status_f2c

/* MPI-1 names that MPI-3.0 removed, over their successors. */
typedef MPI_Comm_errhandler_function MPI_Handler_function;
#define MPI_Address MPI_Get_address
#define MPI_Errhandler_create MPI_Comm_create_errhandler
#define MPI_Errhandler_get MPI_Comm_get_errhandler
#define MPI_Errhandler_set MPI_Comm_set_errhandler
#define MPI_Type_hindexed MPI_Type_create_hindexed
#define MPI_Type_hvector MPI_Type_create_hvector
#define MPI_Type_struct MPI_Type_create_struct
static __inline__ int MPI_Type_extent(MPI_Datatype t, MPI_Aint *extent) {
    MPI_Aint lb;
    return MPI_Type_get_extent(t, &lb, extent);
}
static __inline__ int MPI_Type_lb(MPI_Datatype t, MPI_Aint *lb) {
    MPI_Aint extent;
    return MPI_Type_get_extent(t, lb, &extent);
}
static __inline__ int MPI_Type_ub(MPI_Datatype t, MPI_Aint *ub) {
    MPI_Aint lb = 0, extent = 0;
    int rc = MPI_Type_get_extent(t, &lb, ub ? &extent : ub);
    if (rc == MPI_SUCCESS) *ub = lb + extent;
    return rc;
}
#endif /* MPI_ABI_STRICT */
