# Command lines of the kind that stand in Open MPI's and MPICH's manuals and in
# people's scripts: every one runs unchanged. The number before a line is how
# many lines it prints. a and b are hosts; the rest is a shell.
4  mpirun -np 4 echo hi
2  mpiexec -n 2 echo hi
3  mpirun -n 1 echo master : -n 2 echo worker
2  mpirun -np 2 --host a,b echo hi
3  mpirun --host a:2,b:1 echo hi
2  mpiexec -hosts a,b -ppn 1 -n 2 echo hi
2  mpirun --hostfile $HOSTS -np 2 echo hi
4  mpiexec -f $HOSTS -n 4 echo hi
4  mpirun -machinefile $HOSTS -np 4 echo hi
4  mpirun --hostfile $HOSTS --map-by node -np 4 echo hi
2  mpirun --hostfile $HOSTS --map-by ppr:1:node echo hi
8  mpirun --hostfile $HOSTS --oversubscribe -np 8 echo hi
2  mpirun -np 2 --bind-to none --mca btl self,vader,tcp echo hi
1  mpirun -np 1 --map-by core --bind-to core echo hi
2  mpirun -np 2 -x PATH -x FOO=bar sh -c 'echo $FOO'
2  mpiexec -n 2 -genv OMP_NUM_THREADS 4 sh -c 'echo $OMP_NUM_THREADS'
2  mpiexec -n 1 -env FOO bar sh -c 'echo $FOO' : -n 1 -env FOO baz sh -c 'echo $FOO'
2  mpiexec -l -n 2 echo hi
2  mpirun --tag-output --timestamp-output -np 2 echo hi
2  mpirun --allow-run-as-root --wdir /tmp -np 2 pwd
2  mpiexec -wdir /tmp -n 2 pwd
1  mpirun -np 2 --stdin 0 sh -c 'cat' < $HOSTS | grep -c slots
2  mpirun --timeout 60 -np 2 echo hi
2  MPIEXEC_TIMEOUT=60 mpiexec -n 2 echo hi
2  mpiexec -configfile $APPS
2  mpirun -np 2 --output-filename $OUT/job echo hi && cat $OUT/job.0.out $OUT/job.1.out
4  mpirun -np 4 sh -c 'echo $OMPI_COMM_WORLD_RANK of $OMPI_COMM_WORLD_SIZE'
2  mpirun -np 2 sh -c 'test $OMPI_COMM_WORLD_LOCAL_RANK = $MPI_LOCALRANKID && echo same'
1  mpirun -np 2 false; echo $?
1  mpiexec -n 1 sh -c 'exit 7'; test $? = 7 && echo seven
