package mpi

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"rainmpi/internal/boot"
	"rainmpi/internal/pmi"
)

// A rank that another launcher started (Hydra, srun, Flux) has no agent. What an
// agent does is done here, over the launcher's PMI:
//
//	everybody   put who and where I am; rank 0: put the job's key     barrier
//	            get all: who is on which host
//	lowest of   open the memory of this host's ranks, and a socket
//	a host      on which the others fetch it                          barrier
//	others      fetch it
//	everybody   put my card                                           barrier
//	            get all cards                  (several hosts only)
//
// To the rest of the library it looks like an agent: one end of a socket pair
// that speaks internal/boot. The launcher owns the lives of the ranks.

// homeRecord is what a rank tells of itself.
type homeRecord struct {
	Place string // equal for ranks that share a host
	Name  string // of the host
	CPUs  []int  // that the rank may use
}

// home plays the agent for this rank.
type home struct {
	c     *pmi.Client
	conn  *boot.Conn // its end of the pair
	key   []byte
	w     *boot.Welcome
	watch int          // a line on it ends leaveWatch's process; 0: there is none
	away  map[int]bool // ranks that do not answer
	said  time.Time    // since when the first does not, as people were told; zero: they were not
	names sync.Mutex   // of a question about a name
	left  atomic.Bool  // this rank has come to Finalize; when one is through, all have
}

// joinForeign makes the engine a rank of another launcher's job. Without one it
// stays a singleton.
func (e *engine) joinForeign() error {
	c, err := pmi.Open()
	if errors.Is(err, pmi.ErrNone) {
		sayAlone()
		return nil
	}
	if err != nil {
		return errorf(ErrOther, "this process was started by a launcher that is not rainrun: %v", err)
	}
	h := &home{c: c, away: map[int]bool{}}
	memory, err := h.bringUp()
	if err != nil {
		return errorf(ErrOther, "rank %d of %d, started through PMI: %v", c.Rank, c.Size, err)
	}
	mine, conn, err := boot.Pair()
	if err != nil {
		return errorf(ErrOther, "rank %d: %v", c.Rank, err)
	}
	h.conn = conn
	go h.serve()
	go func() {
		c.Gone() // the launcher: conn's end ends this process, as an agent's would
		if !h.left.Load() {
			h.conn.Close()
		}
	}()
	return e.enter(&agent{conn: mine, memory: memory, foreign: true}, h.w)
}

// bringUp learns the job and returns the memory of this host's ranks, -1 if it
// has one rank.
func (h *home) bringUp() (memory int, err error) {
	c := h.c
	records, err := h.meet()
	if err != nil {
		return -1, err
	}
	w := &boot.Welcome{
		Job: "pmi-" + hex.EncodeToString(h.secret("job"))[:16], Key: h.key, Rank: c.Rank, Size: c.Size, Memory: true,
		Rails: listOf(os.Getenv("RAIN_RAILS")),
	}
	if w.PortLow, w.PortHigh, err = portsOf(os.Getenv("RAIN_PORTS")); err != nil {
		return -1, err
	}
	if w.AppNum, err = c.AppNum(); err != nil || w.AppNum < 0 {
		w.AppNum = 0
	}
	if w.Slots, err = c.UniverseSize(); err != nil || w.Slots < c.Size {
		w.Slots = c.Size
	}
	index := map[string]int{}
	for _, r := range records {
		i, seen := index[r.Place]
		if !seen {
			i = len(w.Hosts)
			index[r.Place] = i
			w.Hosts = append(w.Hosts, r.Name)
		}
		w.HostOf = append(w.HostOf, i)
	}
	h.w = w
	cpus := map[int]bool{}
	for r, rec := range records {
		if w.HostOf[r] == w.HostOf[c.Rank] {
			for _, cpu := range rec.CPUs {
				cpus[cpu] = true
			}
		}
	}
	w.CPUs = len(cpus)
	return h.shareMemory()
}

// meet tells the others of this rank and returns what all have told.
func (h *home) meet() ([]homeRecord, error) {
	c := h.c
	mine, err := json.Marshal(here())
	if err != nil {
		return nil, err
	}
	if err := c.Put(fmt.Sprintf("rain-rank-%d", c.Rank), mine); err != nil {
		return nil, err
	}
	if c.Rank == 0 {
		key := make([]byte, 32)
		if _, err := rand.Read(key); err != nil {
			return nil, err
		}
		if err := c.Put("rain-key", key); err != nil {
			return nil, err
		}
	}
	if err := c.Barrier(); err != nil {
		return nil, err
	}
	if h.key, err = c.Get("rain-key"); err != nil {
		return nil, err
	}
	records := make([]homeRecord, c.Size)
	for r := range records {
		b, err := c.Get(fmt.Sprintf("rain-rank-%d", r))
		if err == nil {
			err = json.Unmarshal(b, &records[r])
		}
		if err != nil {
			return nil, err
		}
	}
	return records, nil
}

// here describes this process's place. Ranks share a host if they share a
// kernel, a network namespace (the sockets by which they meet are of one), and
// what Slurm calls a node.
func here() homeRecord {
	r := homeRecord{Name: hostname()}
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	netns, _ := os.Readlink("/proc/self/ns/net")
	node := os.Getenv("SLURMD_NODENAME")
	if node != "" {
		r.Name = node
	}
	r.Place = strings.TrimSpace(string(id)) + " " + netns + " " + node
	var mask unix.CPUSet
	if unix.SchedGetaffinity(0, &mask) == nil {
		for cpu := range len(mask) * 64 {
			if mask.IsSet(cpu) {
				r.CPUs = append(r.CPUs, cpu)
			}
		}
	}
	return r
}

// shareMemory opens the memory in the lowest rank of each host and hands it to
// the others there. They keep the connection: who dies is noticed.
func (h *home) shareMemory() (memory int, err error) {
	w := h.w
	host, locals, lowest := w.HostOf[w.Rank], 0, -1
	for r, other := range w.HostOf {
		if other == host {
			locals++
			if lowest < 0 {
				lowest = r
			}
		}
	}
	name := "@rain-" + hex.EncodeToString(h.secret(fmt.Sprintf("host %d", host)))[:24]
	memory = -1
	if locals == 1 && w.Size > 1 {
		if err := h.leaveWatch(); err != nil {
			return -1, err
		}
	}
	if lowest == w.Rank && locals > 1 {
		if memory, err = unix.MemfdCreate("rain-shm", unix.MFD_CLOEXEC); err != nil {
			return -1, fmt.Errorf("shared memory (memfd_create): %w", err)
		}
		l, err := boot.Listen(name)
		if err != nil {
			return -1, err
		}
		fd, err := unix.FcntlInt(uintptr(memory), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			return -1, err
		}
		go h.handOut(l, fd, locals-1)
	}
	if err := h.c.Barrier(); err != nil {
		return -1, err
	}
	if lowest != w.Rank {
		conn, err := boot.Dial(name)
		if err != nil {
			return -1, fmt.Errorf("rank %d, which holds the shared memory of host %s: %w", lowest, w.Hosts[host], err)
		}
		if err := conn.Send(boot.Message{Hello: &boot.Hello{Rank: w.Rank, Pid: os.Getpid()}}); err != nil {
			return -1, err
		}
		if _, err := conn.Recv(); err != nil {
			return -1, fmt.Errorf("rank %d hands out no shared memory: %w", lowest, err)
		}
		memory = conn.FD()
		go h.mourn(conn)
	}
	return memory, nil
}

// secret is a value that only ranks of this job know.
func (h *home) secret(of string) []byte {
	sum := sha256.Sum256(append([]byte(of+" "), h.key...))
	return sum[:]
}

// handOut gives the memory to the n other ranks of this host.
func (h *home) handOut(l *boot.Listener, fd, n int) {
	for n > 0 {
		conn, cred, err := l.Accept()
		if err != nil {
			break
		}
		if m, err := conn.Recv(); int(cred.Uid) != os.Getuid() || err != nil || m.Hello == nil ||
			conn.Send(boot.Message{Welcome: &boot.Welcome{Memory: true}}, fd) != nil {
			conn.Close()
			continue
		}
		n--
		go h.mourn(conn)
	}
	l.Close()
	unix.Close(fd)
}

// mournTime is how long a launcher may take to end a job by itself once a rank
// has died. Some do not; then a rank that has seen it asks for it.
const mournTime = time.Second

// mourn waits for the end of another rank of this host, which is no failure once
// all are in Finalize.
func (h *home) mourn(conn *boot.Conn) {
	conn.Recv()
	if h.left.Load() {
		return
	}
	time.Sleep(mournTime)
	fmt.Fprintf(os.Stderr, "rainmpi: rank %d: another rank on host %s has died; the job ends\n", h.w.Rank, h.w.Hosts[h.w.HostOf[h.w.Rank]])
	h.abort(1)
}

// readTime is how long a launcher may take to read what this rank has written, before it is asked to end the job.
const readTime = time.Second

// abort asks the launcher to end the job. Some do that at once and lose what they have not read from their ranks' pipes,
// though it was written before: why the job ends.
func (h *home) abort(code int) {
	for end := time.Now().Add(readTime); time.Now().Before(end) && (unread(syscall.Stdout) || unread(syscall.Stderr)); {
		time.Sleep(time.Millisecond)
	}
	h.c.Abort(code)
}

// unread reports whether fd is a pipe or a Unix socket with something in it that its reader has not read.
func unread(fd int) bool {
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil {
		return false
	}
	ask := uint(unix.TIOCINQ) // of a pipe, at either end
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFSOCK:
		ask = unix.SIOCOUTQ
	case unix.S_IFIFO:
	default:
		return false
	}
	n, err := unix.IoctlGetInt(fd, ask)
	return err == nil && n > 0
}

// serve plays the agent.
func (h *home) serve() {
	for {
		m, err := h.conn.Recv()
		switch {
		case err != nil:
			return
		case m.Card != nil:
			go h.exchange(m.Card.Card)
		case m.Finalize != nil:
			h.left.Store(true)
			go h.finalize()
		case m.Abort != nil:
			h.abort(m.Abort.Code)
		case m.Unmet != nil:
			h.unmet(*m.Unmet)
		case m.Name != nil:
			go h.name(*m.Name)
		case m.Spawn != nil:
			h.conn.Send(boot.Message{Spawned: &boot.Spawned{Seq: m.Spawn.Seq,
				Error: "this job was not started by rainrun, which alone can start more; start it with rainrun"}})
		}
	}
}

// Without agents it is the rank that says for whom it waits. It ends the job after a
// host's time-out of rainrun's if that one was never reached: one that is silent later on
// may be stopped, and only its launcher knows.
const (
	unmetQuiet = 3 * time.Second
	unmetLimit = 30 * time.Second
)

func (h *home) unmet(m boot.Unmet) {
	who := h.named(m.Rank)
	if m.Over {
		if delete(h.away, m.Rank); len(h.away) == 0 && !h.said.IsZero() {
			how := "answers"
			if !m.Met {
				how = "is not waited for any more"
			}
			fmt.Fprintf(os.Stderr, "rainmpi: %s %s after %.1f s, says %s\n", who, how, time.Since(h.said).Seconds(), h.named(h.w.Rank))
			h.said = time.Time{}
		}
		return
	}
	h.away[m.Rank] = true
	const ports = "RAIN_PORTS=LOW-HIGH names a range to open in firewalls"
	never := fmt.Sprintf("%s has not answered %s for %v; is UDP blocked between %s and %s? %s",
		who, h.named(h.w.Rank), m.For, strings.Join(m.From, ", "), strings.Join(m.At, ", "), ports)
	switch {
	case !m.Met && m.For >= unmetLimit:
		fmt.Fprintf(os.Stderr, "rainmpi: %s; the job ends\n", never)
		h.abort(1)
	case m.For < unmetQuiet || !h.said.IsZero():
	case m.Met:
		h.said = m.Since
		fmt.Fprintf(os.Stderr, "rainmpi: %s has been silent on all rails since %s, says %s; waiting without limit: is it or its host stopped, is the network down, or is UDP blocked between %s and %s? %s\n",
			who, m.Since.Format("15:04:05.000"), h.named(h.w.Rank), strings.Join(m.From, ", "), strings.Join(m.At, ", "), ports)
	default:
		h.said = m.Since
		fmt.Fprintf(os.Stderr, "rainmpi: %s; waiting up to %v\n", never, unmetLimit)
	}
}

// named names a rank and its host to people.
func (h *home) named(rank int) string {
	return fmt.Sprintf("rank %d on host %s", rank, h.w.Hosts[h.w.HostOf[rank]])
}

// name asks the launcher about a name. It answers one question at a time.
func (h *home) name(n boot.Name) {
	h.names.Lock()
	defer h.names.Unlock()
	m := boot.Named{Seq: n.Seq, Found: true}
	var err error
	switch n.What {
	case boot.Publish:
		err = h.c.Publish(n.Service, n.Port)
	case boot.Unpublish:
		err = h.c.Unpublish(n.Service)
	case boot.Lookup:
		m.Port, err = h.c.Lookup(n.Service)
	}
	switch {
	case errors.Is(err, pmi.ErrName):
		m.Found, m.Taken = false, true
	case err != nil:
		m.Error = err.Error()
	}
	h.conn.Send(boot.Message{Named: &m})
}

// exchange puts this rank's card and gets everybody's.
func (h *home) exchange(card []byte) {
	cards, err := h.gather(card)
	if err != nil {
		fmt.Fprintf(os.Stderr, "rainmpi: rank %d: the cards of the others: %v\n", h.w.Rank, err)
		h.conn.Close()
		return
	}
	h.conn.Send(boot.Message{Cards: &boot.Cards{Cards: cards}})
}

func (h *home) gather(card []byte) ([][]byte, error) {
	c := h.c
	if err := c.Put(fmt.Sprintf("rain-card-%d", c.Rank), card); err != nil {
		return nil, err
	}
	if err := c.Barrier(); err != nil {
		return nil, err
	}
	cards := make([][]byte, c.Size)
	for r := range cards {
		if h.w.HostOf[r] == h.w.HostOf[c.Rank] {
			continue
		}
		var err error
		if cards[r], err = c.Get(fmt.Sprintf("rain-card-%d", r)); err != nil {
			return nil, err
		}
	}
	return cards, nil
}

// watchScript ends the job when its input ends without a line. Slurm does not end
// it by itself, and soon kills what is left of a step: there it is at once.
const watchScript = `(trap "" HUP INT TERM; read x <&4 || { [ "$SLURM_STEP_ID" ] || sleep 1; echo cmd=abort exitcode=1 >&3; }) &`

// leaveWatch starts a process that outlives this rank. A rank that is alone on
// its host has nobody who notices its death, and srun lets the others wait for
// it. Its parent ends at once, so that it is no child of this process, whose
// wait() is the user's.
func (h *home) leaveWatch() error {
	// No pipe: a line to one whose reader is gone would be a SIGPIPE.
	p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	null, err := unix.Open(os.DevNull, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	pid, err := syscall.ForkExec("/bin/sh", []string{"sh", "-c", watchScript}, &syscall.ProcAttr{
		Dir: "/", Env: os.Environ(), Files: []uintptr{uintptr(null), uintptr(null), uintptr(null), uintptr(h.c.FD()), uintptr(p[0])},
	})
	unix.Close(p[0])
	unix.Close(null)
	if err != nil {
		unix.Close(p[1])
		return nil // a host without a shell: the launcher must notice
	}
	for {
		if _, err := unix.Wait4(pid, nil, 0, nil); err != unix.EINTR {
			break
		}
	}
	h.watch = p[1]
	return nil
}

// finalize: all ranks leave together, and the launcher hears of it.
func (h *home) finalize() {
	if h.watch > 0 {
		unix.Sendto(h.watch, []byte("\n"), unix.MSG_NOSIGNAL, nil)
		unix.Close(h.watch)
	}
	err := h.c.Barrier()
	if err == nil {
		err = h.c.Finalize()
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "rainmpi: rank %d: MPI_Finalize: %v\n", h.w.Rank, err)
	}
	h.conn.Send(boot.Message{Finalize: &boot.Finalize{}})
}

func listOf(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

func portsOf(s string) (low, high int, err error) {
	if s == "" {
		return 0, 0, nil
	}
	a, b, ok := strings.Cut(s, "-")
	if !ok {
		b = a
	}
	low, err1 := strconv.Atoi(a)
	high, err2 := strconv.Atoi(b)
	if err1 != nil || err2 != nil || low < 1 || high > 65535 || low > high {
		return 0, 0, fmt.Errorf("RAIN_PORTS=%s: expected a range of UDP ports such as 47000-47999", s)
	}
	return low, high, nil
}
