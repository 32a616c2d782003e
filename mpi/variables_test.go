package mpi_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rainmpi/mpi"
)

func init() {
	programs["bad conditions"] = badConditions
}

// A condition of the job's network, which is made by a shell command or by the program, and which variable
// must tell of it. Packets get through it now and then, or it ends by itself.
type condition struct {
	variable     string
	make, unmake string
	flood        bool
}

const wall = "nft add table inet wall; nft 'add chain inet wall c { type filter hook %s priority 0; }'; " +
	"nft add rule inet wall c meta l4proto udp limit rate 50/second burst 1 packets %s"

var conditions = []condition{
	{variable: "rails_packets_forbidden", make: fmt.Sprintf(wall, "output", "drop"), unmake: "nft delete table inet wall"},
	{variable: "rails_packets_reported", make: fmt.Sprintf(wall, "input", "reject"), unmake: "nft delete table inet wall"},
	{variable: "rails_packets_too_big", make: "ip link set lo mtu 3000", unmake: "ip link set lo mtu 65536"},
	{variable: "rails_packets_full", make: "tc qdisc add dev lo root tbf rate 200mbit burst 70kb limit 140kb", unmake: "tc qdisc del dev lo root"},
	{variable: "rails_packets_unreachable", make: "ip link set lo down; (sleep 0.2; ip link set lo up) >/dev/null 2>&1 &", unmake: "sleep 0.3"},
	{variable: "rails_packets_overrun", flood: true},
}

// badConditions talks under each condition until its variable tells of it at one of the ranks.
func badConditions([]string) error {
	if err := mpi.Init(); err != nil {
		return err
	}
	c := mpi.World()
	data, got := make([]byte, 1<<20), make([]byte, 1<<20)
	for _, k := range conditions {
		before := performance(k.variable)
		if err := shell(c, k.make); err != nil {
			return err
		}
		told, sum := []uint64{0}, []uint64{0}
		for begin := time.Now(); sum[0] == 0; {
			if time.Since(begin) > 20*time.Second {
				return fmt.Errorf("%s tells nothing", k.variable)
			}
			if k.flood {
				if err := flood(c); err != nil {
					return err
				}
			}
			for range 5 {
				if _, err := mpi.Sendrecv(c, data, 1-c.Rank(), 0, got, 1-c.Rank(), 0); err != nil {
					return err
				}
			}
			told[0] = performance(k.variable) - before
			if err := mpi.Allreduce(c, told, sum, mpi.Sum); err != nil {
				return err
			}
		}
		if err := shell(c, k.unmake); err != nil {
			return err
		}
	}
	// The sum is of what it is said to be of. More may be added while they are read.
	var unsent uint64
	sum := performance("rails_packets_unsent")
	for _, name := range []string{"full", "too_big", "forbidden", "unreachable"} {
		unsent += performance("rails_packets_" + name)
	}
	if after := performance("rails_packets_unsent"); unsent < sum || unsent > after {
		return fmt.Errorf("%d to %d packets were not sent, for %d reasons", sum, after, unsent)
	}
	return mpi.Finalize()
}

func performance(name string) uint64 {
	for _, c := range mpi.Categories {
		for _, v := range c.Performance {
			if v.Name == name {
				return v.Read()
			}
		}
	}
	panic("no variable " + name)
}

// shell has rank 0 change the network of both.
func shell(c *mpi.Comm, script string) error {
	if c.Rank() == 0 {
		if out, err := exec.Command("sh", "-ec", script).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %v: %s", script, err, out)
		}
	}
	return nil
}

// flood has rank 0 stop rank 1 and send more to its socket than the receive buffer holds.
func flood(c *mpi.Comm) error {
	mine, all := []int{os.Getpid(), int(c.RailAddrs()[0].Port())}, make([]int, 4)
	if err := mpi.Allgather(c, mine, all); err != nil || c.Rank() != 0 {
		return err
	}
	conn, err := net.DialUDP("udp", nil, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: all[3]})
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := unix.Kill(all[2], unix.SIGSTOP); err != nil {
		return err
	}
	defer unix.Kill(all[2], unix.SIGCONT)
	data := make([]byte, 60000)
	for range 1000 {
		if _, err := conn.Write(data); err != nil {
			return err
		}
	}
	return nil
}

// TestBadConditions: whatever keeps packets from being sent or read, the job goes on and a variable of its own
// tells of it; and the agents tell what became of theirs.
func TestBadConditions(t *testing.T) {
	unshare, err := exec.LookPath("unshare")
	if err == nil {
		try := exec.Command(unshare, "-n", "sh", "-ec", conditions[0].make+"; "+conditions[3].make)
		try.Stderr = os.Stderr
		err = try.Run()
	}
	if err != nil {
		t.Skip("a network namespace, nft and tc are needed, which takes root, iproute2 and nftables: ", err)
	}
	j := &job{t: t, mark: unique(t) + "bad conditions", began: time.Now()}
	j.cmd = command(j, "bad conditions", "-v", "-n", "2", "--host", "a:1,b:1", "--agent-command", "env ON=%h", "--rails", "127.0.0.1")
	rainrun := j.cmd.Args
	rainrun[0] = j.cmd.Path
	j.cmd.Path = unshare
	j.cmd.Args = append([]string{"unshare", "-n", "sh", "-c", `ip link set lo up; exec "$@"`, "sh"}, rainrun...)
	if err := j.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	j.wait(0, "packets of the agent were not delivered: ", "had no way to go")
}
