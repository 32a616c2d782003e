"""Loads the library as Python does (dlopen with RTLD_LOCAL) and sums over the ranks."""
import ctypes
import os
import subprocess
import sys
import threading

ready = threading.Event()
threading.Thread(target=ready.wait, daemon=True).start()  # the process has threads already

mpi = ctypes.CDLL(sys.argv[1], mode=os.RTLD_LOCAL | os.RTLD_NOW)
WORLD, INT, SUM = ctypes.c_void_p(0x101), ctypes.c_void_p(0x209), ctypes.c_void_p(0x21)

if mpi.MPI_Init(None, None) != 0:
    sys.exit("MPI_Init failed")
one, total = ctypes.c_int(1), ctypes.c_int(0)
if mpi.MPI_Allreduce(ctypes.byref(one), ctypes.byref(total), 1, INT, SUM, WORLD) != 0:
    sys.exit("MPI_Allreduce failed")
if subprocess.run(["true"]).returncode != 0:
    sys.exit("a child process failed")
pid = os.fork()
if pid == 0:
    os._exit(0 if mpi.MPI_Barrier(WORLD) != 0 else 1)
if os.waitpid(pid, 0)[1] != 0:
    sys.exit("MPI_Barrier succeeded in a forked child")
if mpi.MPI_Finalize() != 0:
    sys.exit("MPI_Finalize failed")
print("sum", total.value)
