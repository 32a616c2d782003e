package rudp

// maxFilter is the maximum of a value over a sliding window of time, from three
// samples: the best, the best after it, the best after that (K. Nichols' filter,
// as in Linux lib/win_minmax.c).
type maxFilter struct {
	s [3]timed
}

type timed struct {
	at, v int64
}

func (f *maxFilter) get() int64 { return f.s[0].v }

func (f *maxFilter) update(now, window, v int64) {
	n := timed{now, v}
	if v >= f.s[0].v || now-f.s[2].at > window {
		f.s = [3]timed{n, n, n}
		return
	}
	if v >= f.s[1].v {
		f.s[1], f.s[2] = n, n
	} else if v >= f.s[2].v {
		f.s[2] = n
	}
	age := now - f.s[0].at
	switch {
	case age > window:
		// The best is too old, and perhaps the second best as well.
		f.s[0], f.s[1], f.s[2] = f.s[1], f.s[2], n
		if now-f.s[0].at > window {
			f.s[0], f.s[1] = f.s[1], f.s[2]
		}
	case f.s[1].at == f.s[0].at && age > window/4:
		// A quarter has passed without a second best: take one from here.
		f.s[1], f.s[2] = n, n
	case f.s[2].at == f.s[1].at && age > window/2:
		f.s[2] = n
	}
}

// minFilter is the minimum, likewise, of values above 0; 0 while there are none.
type minFilter struct {
	max maxFilter // of the values with their signs turned
}

func (f *minFilter) get() int64 { return -f.max.get() }

func (f *minFilter) update(now, window, v int64) {
	if f.max.get() == 0 {
		n := timed{now, -v}
		f.max.s = [3]timed{n, n, n}
		return
	}
	f.max.update(now, window, -v)
}
