// Gobench is what bench/c is for C: the tests of the Go API that are compared with other implementations. It prints
// the same lines.
//
//	rainrun -n 2 ./gobench -s 8,1k -d 0.2
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/spf13/pflag"

	"rainmpi/bench"
	"rainmpi/mpi"
)

func main() {
	log.SetFlags(0)
	fs := pflag.NewFlagSet("gobench", pflag.ContinueOnError)
	tests := fs.StringP("tests", "t", "latency", "the test: there is latency")
	sizes := fs.StringSliceP("sizes", "s", []string{"8"}, "message sizes, bytes (k and M are binary)")
	seconds := fs.Float64P("duration", "d", 0.2, "about how long a test takes at one size, seconds")
	fs.IntP("threads", "n", 1, "as the C program's; no test here has more than one")
	if err := fs.Parse(os.Args[1:]); err != nil {
		log.Fatal("gobench: ", err)
	}
	if *tests != "latency" {
		log.Fatalf("gobench: no test %q: there is latency", *tests)
	}
	if err := mpi.Init(); err != nil {
		log.Fatal(err)
	}
	err := latencies(mpi.World(), *sizes, *seconds)
	if end := mpi.Finalize(); err == nil {
		err = end
	}
	if err != nil {
		log.Fatal(err)
	}
}

// latencies measures half a round trip between the first and the last rank, at each size.
func latencies(c *mpi.Comm, sizes []string, seconds float64) error {
	for _, s := range sizes {
		size, err := bench.Bytes(s)
		if err != nil {
			return err
		}
		n, err := calibrate(c, size, seconds)
		if err != nil {
			return err
		}
		took, err := pingPong(c, size, n)
		if err != nil {
			return err
		}
		if c.Rank() == 0 {
			line, err := json.Marshal(bench.Result{Test: "latency", Size: size, Ranks: c.Size(), Value: took.Seconds() / float64(2*n) * 1e6, Unit: "us", Messages: uint64(2 * n)})
			if err != nil {
				return err
			}
			fmt.Println(string(line))
		}
	}
	return nil
}

// calibrate finds how many round trips take so many seconds; all ranks get the same.
func calibrate(c *mpi.Comm, size int, seconds float64) (int, error) {
	for n := []int64{100}; ; {
		took, err := pingPong(c, size, int(n[0]))
		if err != nil {
			return 0, err
		}
		enough := took.Seconds() > seconds/10
		n[0] = max(100, min(16*n[0], int64(float64(n[0])*seconds/max(took.Seconds(), 1e-9))))
		told := []int64{n[0], 0}
		if enough {
			told[1] = 1
		}
		if err := mpi.Bcast(c, told, 0); err != nil {
			return 0, err
		}
		if n[0] = told[0]; told[1] == 1 {
			return int(n[0]), nil
		}
	}
}

func pingPong(c *mpi.Comm, size, n int) (time.Duration, error) {
	if err := c.Barrier(); err != nil {
		return 0, err
	}
	data, last := make([]byte, size), c.Size()-1
	start := time.Now()
	for range n {
		var err error
		switch c.Rank() {
		case 0:
			if err = mpi.Send(c, data, last, 0); err == nil {
				_, err = mpi.Recv(c, data, last, 0)
			}
		case last:
			if _, err = mpi.Recv(c, data, 0, 0); err == nil {
				err = mpi.Send(c, data, 0, 0)
			}
		}
		if err != nil {
			return 0, err
		}
	}
	return time.Since(start), nil
}
