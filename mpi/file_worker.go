package mpi

import "sync"

// Who carries out accesses that do not wait: goroutines, as a system call on a file
// takes as long as it takes, and nothing of the engine's is held meanwhile.
//
// Independent accesses go to a few workers of the process. Collective ones of a file
// are done one after the other, in the order of the calls, which is the same at all
// processes (section 14.6.5): a worker of the file's does them, or the caller that waits.
// Workers end when there is nothing to do.

// maxFileWorkers is the largest number of independent accesses of a process that
// are under way at a time: each may hold a thread in the kernel.
const maxFileWorkers = 4

// A filePool is what the workers of a process have to do.
type filePool struct {
	mu      sync.Mutex
	jobs    []func()
	workers int
}

func (p *filePool) add(job func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.jobs = append(p.jobs, job)
	if p.workers < maxFileWorkers {
		p.workers++
		go p.work()
	}
}

func (p *filePool) work() {
	for {
		p.mu.Lock()
		if len(p.jobs) == 0 {
			p.workers--
			p.mu.Unlock()
			return
		}
		job := p.jobs[0]
		p.jobs = p.jobs[1:]
		p.mu.Unlock()
		job()
	}
}

// newJob is a request and what ends it.
func (f *File) newJob(do func(*Request) error) (*Request, func()) {
	e := f.e
	e.mu.Lock()
	r := e.newRequest(fileRequest)
	r.comm = f.comm
	e.mu.Unlock()
	f.mu.Lock()
	f.pending++
	f.mu.Unlock()
	return r, func() {
		err := do(r)
		f.mu.Lock()
		f.pending--
		f.mu.Unlock()
		e.mu.Lock()
		e.complete(r, err)
		e.mu.Unlock()
	}
}

// offload lets a worker do it.
func (f *File) offload(do func(*Request) error) *Request {
	r, job := f.newJob(do)
	f.e.files.add(job)
	return r
}

// inOrder lets the file's worker do it, after what was given to it before.
func (f *File) inOrder(do func(*Request) error) *Request {
	r, job := f.newJob(do)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.work = append(f.work, job)
	if !f.working {
		f.working = true
		go f.worker()
	}
	return r
}

func (f *File) worker() {
	for {
		f.mu.Lock()
		if len(f.work) == 0 {
			f.working = false
			f.mu.Unlock()
			f.e.wait.changed() // for drain
			return
		}
		job := f.work[0]
		f.work = f.work[1:]
		f.mu.Unlock()
		job()
	}
}

// takeWork makes the caller the file's worker, unless there is one. giveWork ends
// that.
func (f *File) takeWork() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.working {
		return false
	}
	f.working = true
	return true
}

func (f *File) giveWork() {
	f.mu.Lock()
	if len(f.work) > 0 { // another thread has begun some meanwhile
		go f.worker()
		f.mu.Unlock()
		return
	}
	f.working = false
	f.mu.Unlock()
	f.e.wait.changed() // for drain
}

// drain waits until the collective accesses that have begun are done: the calls
// that follow use the file's communicator themselves. Where functions of a language
// binding convert data they must be over: their caller may be the one who waits here.
func (f *File) drain() error {
	idle := func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return !f.working
	}
	if f.UserConverted() {
		f.mu.Lock()
		pending := f.pending
		f.mu.Unlock()
		if pending > 0 {
			return errorf(ErrOther, "accesses to %s have begun and not ended; wait for them first", f.name)
		}
	}
	if !idle() {
		f.e.until(idle)
	}
	return nil
}
