package mpi

import "slices"

// Limits of the standard ABI, without C's final NUL.
const (
	maxInfoKey   = 255
	maxInfoValue = 1023
)

// Info is an ordered set of (key, value) strings: hints (MPI 5.0 chapter 10).
// A nil *Info is MPI_INFO_NULL. It belongs to one goroutine at a time.
type Info struct{ pairs [][2]string }

// NewInfo makes an empty one.
func NewInfo() *Info { return &Info{} }

// Set stores value under key, in place of an older one.
func (i *Info) Set(key, value string) error {
	if i == nil {
		return errorf(ErrInfo, "the info object is null")
	}
	if err := checkInfoKey(key); err != nil {
		return err
	}
	if len(value) > maxInfoValue {
		return errorf(ErrInfoValue, "the value of %q has %d bytes; %d are allowed", key, len(value), maxInfoValue)
	}
	if k := i.index(key); k >= 0 {
		i.pairs[k][1] = value
		return nil
	}
	i.pairs = append(i.pairs, [2]string{key, value})
	return nil
}

// Get returns the value under key.
func (i *Info) Get(key string) (string, bool) {
	if k := i.index(key); k >= 0 {
		return i.pairs[k][1], true
	}
	return "", false
}

// Delete removes key.
func (i *Info) Delete(key string) error {
	if err := checkInfoKey(key); err != nil {
		return err
	}
	k := i.index(key)
	if k < 0 {
		return errorf(ErrInfoNoKey, "the info object has no key %q", key)
	}
	i.pairs = slices.Delete(i.pairs, k, k+1)
	return nil
}

// Len is the number of keys; Key gives the n-th, in the order of their
// setting.
func (i *Info) Len() int {
	if i == nil {
		return 0
	}
	return len(i.pairs)
}

// Key is the n-th key.
func (i *Info) Key(n int) (string, error) {
	if n < 0 || n >= i.Len() {
		return "", errorf(ErrArg, "key number %d; the info object has %d keys", n, i.Len())
	}
	return i.pairs[n][0], nil
}

// Dup is a copy.
func (i *Info) Dup() *Info {
	if i == nil {
		return nil
	}
	return &Info{pairs: slices.Clone(i.pairs)}
}

func (i *Info) index(key string) int {
	if i == nil {
		return -1
	}
	return slices.IndexFunc(i.pairs, func(p [2]string) bool { return p[0] == key })
}

func checkInfoKey(key string) error {
	if len(key) == 0 || len(key) > maxInfoKey {
		return errorf(ErrInfoKey, "an info key of %d bytes; 1 to %d are allowed", len(key), maxInfoKey)
	}
	return nil
}
