package bench

import (
	"math"
	"strings"
	"testing"
)

func TestReadPerf(t *testing.T) {
	const report = `# Total Lost Samples: 0
# Overhead  Shared Object        Symbol
    30.50%  libmpi_abi.so.1      [.] runtime.memmove
    40.00%  libmpi_abi.so.1      [.] rain_fast_Send
     9.50%  [kernel.kallsyms]    [k] udp_sendmsg
    10.00%  libmpi_abi.so.1      [.] rainmpi/mpi.(*memory).poll
     5.00%  bench.rainmpi        [.] send_window
     5.00%  libmpi_abi.so.1      [.] rainmpi/rainnet/rudp.(*Conn).Recv
`
	symbols, err := readPerf([]byte(report))
	if err != nil || len(symbols) != 6 || symbols[0].Name != "rain_fast_Send" || symbols[3].Part != 0.095 || symbols[3].Object != "kernel" {
		t.Fatalf("%+v, %v", symbols, err)
	}
	got, sum := map[string]float64{}, 0.0
	for _, s := range classify(symbols) {
		got[s.Class] = s.Part
		sum += s.Part
	}
	for class, part := range map[string]float64{"copying": .305, "short messages in C": .4, "engine and matching": .1, "rainnet": .05,
		"the program": .05, "kernel: network and system calls": .095} {
		if math.Abs(got[class]-part) > 1e-9 {
			t.Errorf("%s: %g, want %g", class, got[class], part)
		}
	}
	if math.Abs(sum-1) > 1e-9 {
		t.Errorf("all classes are %g of the time", sum)
	}
	if _, err := readPerf([]byte("nothing\n")); err == nil || !strings.Contains(err.Error(), "perf_event_paranoid") {
		t.Errorf("an empty report: %v", err)
	}
}
