package bench

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"rainmpi/bench/lab"
	"rainmpi/internal/alone"
	"rainmpi/rainnet"
	"rainmpi/rainnet/wire"
)

// The test binary plays one end of a stream over rainnet: `BINARY end send|take SECONDS`.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "end" {
		if err := playEnd(os.Args[2], os.Args[3]); err != nil {
			fmt.Fprintln(os.Stderr, os.Args[2], "end:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	alone.Clear()
	os.Exit(m.Run())
}

// An end sends, or takes, bulk transfers of 1 MiB, eight at a time: the taker
// asks for each by an ordered message with its token.
type end struct {
	ep    *rainnet.Endpoint
	takes bool
	buf   block
	next  uint64 // token asked for next
	came  int    // transfers
	since int
}

type block []byte

func (b block) ReadAt(p []byte, off int64)  { copy(p, b[off:]) }
func (b block) WriteAt(p []byte, off int64) { copy(b[off:], p) }

const transfer = 1 << 20

func (e *end) Message(p *rainnet.Peer, data []byte) {
	token, _ := strconv.ParseUint(string(data), 10, 64)
	p.SendBulk(token, transfer, e.buf)
}
func (e *end) BulkSent(*rainnet.Peer, uint64) {}
func (e *end) Room(*rainnet.Peer)             {}
func (e *end) Path(_ *rainnet.Peer, ev rainnet.PathEvent) {
	fmt.Fprintf(os.Stderr, "%.3f %v\n", float64(time.Now().UnixMilli()%1e6)/1e3, ev)
}

func (e *end) BulkDone(p *rainnet.Peer, _ uint64) {
	e.came++
	e.since++
	e.ask(p)
}

func (e *end) ask(p *rainnet.Peer) {
	e.next++
	p.Expect(e.next, transfer, e.buf)
	p.Send([]byte(strconv.FormatUint(e.next, 10)), nil)
}

// playEnd prints its card, reads the other's, and prints a line each tenth of a second.
func playEnd(role, seconds string) error {
	limit, err := strconv.ParseFloat(seconds, 64)
	if err != nil {
		return err
	}
	e := &end{takes: role == "take", buf: make(block, transfer)}
	id := wire.PeerID(0)
	if e.takes {
		id = 1
	}
	if e.ep, err = rainnet.Open(rainnet.Config{ID: id, Key: make([]byte, 32)}, e); err != nil {
		return err
	}
	defer e.ep.Close()
	mine, err := e.ep.Card().MarshalBinary()
	if err != nil {
		return err
	}
	fmt.Println(hex.EncodeToString(mine))
	var text string
	if _, err := fmt.Scanln(&text); err != nil {
		return err
	}
	theirs, err := hex.DecodeString(text)
	if err != nil {
		return err
	}
	var card rainnet.Card
	if err := card.UnmarshalBinary(theirs); err != nil {
		return err
	}
	p, err := e.ep.AddPeer(card)
	if err != nil {
		return err
	}
	if e.takes {
		for range 8 {
			e.ask(p)
		}
	}
	e.drive(p, limit)
	return nil
}

func (e *end) drive(p *rainnet.Peer, limit float64) {
	start := rainnet.Now()
	line := start
	for now := start; float64(now-start) < limit*1e9; now = rainnet.Now() {
		for e.ep.Poll() {
		}
		e.ep.Wait(rainnet.Now() + 2e6)
		if now-line < 1e8 {
			continue
		}
		fmt.Printf("%.2f %.1f", float64(now-start)/1e9, float64(e.since)*transfer/1e6/(float64(now-line)/1e9))
		e.since, line = 0, now
		for _, i := range p.Paths() {
			if os.Getenv("RAIN_TEST_PATHS") != "" {
				fmt.Printf("  [%v %v act=%v sus=%v rtt=%d/%dus rate=%.0f fl=%d/%d sent=%d lost=%d resent=%d pto=%d]", i.ID, i.Up, i.Active,
					i.Suspect, i.SRTT/1000, i.MinRTT/1000, float64(i.Rate)/1e6, i.InFlight, i.Window, i.SentPackets, i.LostPackets, i.ResentBytes, i.Probes)
			}
		}
		fmt.Println()
	}
}

// streamOver starts an end on each host, calls at after each line of the taker,
// and returns the taker's rates by tenths of seconds, MB/s.
func streamOver(t *testing.T, l *lab.Lab, seconds string, at func(second float64)) []float64 {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	send, take := l.Hosts[0].Command(exe, "end", "send", seconds), l.Hosts[1].Command(exe, "end", "take", seconds)
	var ins [2]io.Writer
	var outs [2]*bufio.Scanner
	for i, cmd := range []*exec.Cmd{send, take} {
		in, _ := cmd.StdinPipe()
		out, _ := cmd.StdoutPipe()
		cmd.Stderr = os.Stderr
		if !testing.Verbose() {
			cmd.Stderr = nil
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer cmd.Wait()
		defer cmd.Process.Kill()
		ins[i], outs[i] = in, bufio.NewScanner(out)
		outs[i].Scan()
	}
	fmt.Fprintln(ins[0], outs[1].Text())
	fmt.Fprintln(ins[1], outs[0].Text())
	go func() {
		for outs[0].Scan() {
			if testing.Verbose() {
				fmt.Println("send", outs[0].Text())
			}
		}
	}()
	var rates []float64
	for outs[1].Scan() {
		if testing.Verbose() {
			fmt.Println("take", outs[1].Text())
		}
		var second, rate float64
		if n, _ := fmt.Sscan(outs[1].Text(), &second, &rate); n == 2 {
			rates = append(rates, rate)
			at(second)
		}
	}
	return rates
}

// Every way of breaking one of two rails leaves the stream on the other: no
// second passes in which nothing comes.
func TestStreamOutlivesEveryFault(t *testing.T) {
	for _, text := range []string{
		"cut:rail1@h1:switch", "cut:rail1@h1:host", "cut:rail1@h1:behind",
		"cut:rail1@h2:switch", "cut:rail1@h2:host",
		"blackhole:rail1@h1:out", "blackhole:rail1@h1:in", "blackhole:rail1",
	} {
		t.Run(text, func(t *testing.T) {
			if testing.Short() && !strings.Contains(text, "host") {
				t.Skip("short")
			}
			fault, err := lab.ParseFault(text)
			if err != nil {
				t.Fatal(err)
			}
			l := lab.Start(t, lab.Config{Rails: 2, Rate: 400e6})
			broken := false
			var told []float64 // when the taker told a rate, by its clock: a tenth of a second or, if it was put off, more after the last
			rates := streamOver(t, l, "2.2", func(second float64) {
				told = append(told, second)
				if second >= 0.7 && !broken {
					broken = true
					if err := l.Fault(fault); err != nil {
						t.Error(err)
					}
				}
			})
			silent, most, last := 0.0, 0.0, 0.0
			for i, r := range rates {
				if silent += told[i] - last; r > 0 || told[i] < 0.7 {
					silent = 0
				}
				most, last = max(most, silent), told[i]
			}
			if last < 2 || most >= 1 {
				t.Errorf("nothing came for %.1f of %.1f s; MB/s: %.0f", most, last, rates)
			}
		})
	}
}
