package main

import "testing"

func TestTable(t *testing.T) {
	ints := table[int]{kind: opKind}
	handles := make(map[uintptr]int)
	for i := range 3 * chunkLen {
		h := ints.add(&i)
		if h < firstHandle || int64(h) > 1<<31-1 {
			t.Fatalf("handle %#x of object %d: must be beyond the predefined ones and fit an int", h, i)
		}
		if _, twice := handles[h]; twice {
			t.Fatalf("handle %#x given out twice", h)
		}
		handles[h] = i
	}
	for h, i := range handles {
		if v := ints.get(h); v == nil || *v != i {
			t.Fatalf("handle %#x: %v, want %d", h, v, i)
		}
	}
	for h := range handles {
		if ints.remove(h) == nil || ints.remove(h) != nil || ints.get(h) != nil {
			t.Fatalf("handle %#x: must be removed exactly once", h)
		}
	}
}

func TestTableRefusesForeignHandles(t *testing.T) {
	ints := table[int]{kind: opKind}
	one := 1
	h := ints.add(&one)
	for _, bad := range []uintptr{0, 1, 0x21, 4095, 4096, h + 1, h - 1, h + 16, h + chunkLen<<kindBits, ^uintptr(0), 1 << 40} {
		if ints.get(bad) != nil || ints.remove(bad) != nil {
			t.Errorf("%#x is taken for a handle", bad)
		}
	}
	if ints.get(h) != &one {
		t.Error("the good handle is lost")
	}
}
