package soak

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"rainmpi/mpi"
)

// RankRole is the word by which a program that imports this package becomes a rank of the job:
// PROGRAM RankRole SECONDS SEED.
const RankRole = "soak-rank"

// Play plays the rank if the arguments say so, and does not return then.
func Play(args []string) {
	if len(args) != 4 || args[1] != RankRole {
		return
	}
	if err := play(args[2], args[3]); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", RankRole, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// A Sample is what a rank uses, and has done until then. Ranks print them as lines of JSON.
type Sample struct {
	Rank       int
	At         float64 // seconds since the start
	RSS        int64   // bytes
	Goroutines int
	FDs        int
	Rounds     int
	Messages   int64 // received and right
	Bytes      int64
	Pause      float64 // the longest round, seconds
}

// sampleEvery is the time between two samples.
const sampleEvery = 5 * time.Second

const (
	perRound   = 8       // messages of each rank
	maxMessage = 1 << 20 // bytes
)

func play(secondsText, seedText string) error {
	seconds, err := strconv.ParseFloat(secondsText, 64)
	if err != nil {
		return err
	}
	seed, err := strconv.ParseUint(seedText, 10, 64)
	if err != nil {
		return err
	}
	if err := mpi.Init(); err != nil {
		return err
	}
	r := &rank{world: mpi.World(), seed: seed, start: time.Now()}
	r.out, r.in = buffers(perRound), buffers(perRound*r.world.Size())
	next := r.start
	for last := false; !last; {
		if !time.Now().Before(next) {
			r.sample()
			next = time.Now().Add(sampleEvery)
		}
		before := time.Now()
		if last, err = r.round(time.Since(r.start).Seconds() > seconds); err != nil {
			return fmt.Errorf("round %d: %w", r.rounds, err)
		}
		r.pause = max(r.pause, time.Since(before))
	}
	r.sample()
	return mpi.Finalize()
}

type rank struct {
	world    *mpi.Comm
	seed     uint64
	start    time.Time
	out, in  [][]byte
	rounds   int
	messages int64
	bytes    int64
	pause    time.Duration
}

// A letter is one message of a round, as all ranks know it.
type letter struct {
	from, to, tag, size int
	key                 uint64
}

// letters draws what is sent in a round.
func (r *rank) letters() []letter {
	rng := rand.New(rand.NewPCG(r.seed, uint64(r.rounds)))
	n := r.world.Size()
	var all []letter
	for from := range n {
		for i := range perRound {
			size := int(math.Exp(rng.Float64() * math.Log(maxMessage)))
			all = append(all, letter{from, rng.IntN(n), i, size, rng.Uint64()})
		}
	}
	return all
}

// round exchanges one round's messages, checks every byte, and agrees with the others whether it was
// the last.
func (r *rank) round(enough bool) (last bool, err error) {
	var reqs []*mpi.Request
	var mine []letter
	sent := 0
	me := r.world.Rank()
	for _, l := range r.letters() {
		if l.to == me {
			buf := r.in[len(mine)][:l.size]
			q, err := r.world.Irecv(mpi.Slice(buf), l.from, l.tag)
			if err != nil {
				return false, err
			}
			reqs, mine = append(reqs, q), append(mine, l)
		}
		if l.from == me {
			buf := r.out[sent][:l.size]
			sent++
			fill(buf, l.key)
			q, err := r.world.Isend(mpi.Slice(buf), l.to, l.tag)
			if err != nil {
				return false, err
			}
			reqs = append(reqs, q)
		}
	}
	if _, err := mpi.Waitall(reqs); err != nil {
		return false, err
	}
	for i, l := range mine {
		if at := differs(r.in[i][:l.size], l.key); at >= 0 {
			return false, fmt.Errorf("byte %d of %d of message %d from rank %d is wrong", at, l.size, l.tag, l.from)
		}
		r.bytes += int64(l.size)
	}
	r.messages += int64(len(mine))
	r.rounds++
	vote, any := []int64{0}, []int64{0}
	if enough {
		vote[0] = 1
	}
	err = mpi.Allreduce(r.world, vote, any, mpi.Max)
	return any[0] > 0, err
}

// buffers returns as many as a round may need, written once, so that none grows later.
func buffers(n int) [][]byte {
	list := make([][]byte, n)
	for i := range list {
		list[i] = make([]byte, maxMessage)
		fill(list[i], 1)
	}
	return list
}

// fill writes what follows from key.
func fill(b []byte, key uint64) {
	for i := 0; i < len(b); i += 8 {
		var w [8]byte
		binary.LittleEndian.PutUint64(w[:], word(key, i))
		copy(b[i:], w[:])
	}
}

// differs returns where b is not what fill writes; -1: nowhere.
func differs(b []byte, key uint64) int {
	for i := 0; i < len(b); i += 8 {
		var w [8]byte
		binary.LittleEndian.PutUint64(w[:], word(key, i))
		for k := range min(8, len(b)-i) {
			if b[i+k] != w[k] {
				return i + k
			}
		}
	}
	return -1
}

func word(key uint64, i int) uint64 { return (key + uint64(i)) * 0x9e3779b97f4a7c15 }

// sample prints what this process uses, after a collection of garbage.
func (r *rank) sample() {
	debug.FreeOSMemory()
	s := Sample{Rank: r.world.Rank(), At: time.Since(r.start).Seconds(), Goroutines: runtime.NumGoroutine(),
		Rounds: r.rounds, Messages: r.messages, Bytes: r.bytes, Pause: r.pause.Seconds()}
	s.RSS, s.FDs = Uses(os.Getpid())
	text, _ := json.Marshal(s)
	fmt.Println(string(text))
}

// Uses returns the resident memory of a process in bytes, and the number of its descriptors.
func Uses(pid int) (rss int64, fds int) {
	if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid)); err == nil {
		if f := strings.Fields(string(text)); len(f) > 1 {
			pages, _ := strconv.ParseInt(f[1], 10, 64)
			rss = pages * int64(os.Getpagesize())
		}
	}
	entries, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	return rss, len(entries)
}
