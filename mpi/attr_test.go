package mpi

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
)

// TestAttributes follows attributes through a duplicate, a refusal, and the end of both communicators.
func TestAttributes(t *testing.T) {
	world(t, 1, func(c *Comm) {
		var deleted []string
		gone := func(object, value any) error {
			deleted = append(deleted, fmt.Sprint(value))
			return nil
		}
		refuses := errors.New("not yet")
		refuse := refuses
		late, early := &Keyval{Delete: gone}, &Keyval{Delete: gone}
		copied := &Keyval{Delete: gone, Copy: func(_, v any) (any, bool, error) { return v.(string) + "'", true, nil }}
		stubborn := &Keyval{Delete: func(any, any) error { return refuse }}
		a, err := c.Dup()
		if err != nil {
			t.Error(err)
			return
		}
		for _, x := range []struct {
			key   *Keyval
			value string
		}{{early, "first"}, {copied, "second"}, {stubborn, "third"}, {late, "fourth"}, {copied, "fifth"}} {
			if err := a.Attrs.Set(a, x.key, x.value); err != nil {
				t.Errorf("%s: %v", x.value, err)
			}
		}
		if v, ok := a.Attrs.Get(copied); v != "fifth" || !ok {
			t.Errorf("the later value is %v", v)
		}
		late.Free()
		if err := a.Attrs.Set(a, late, "sixth"); !errors.Is(err, ErrKeyval) {
			t.Errorf("a freed key: %v", err)
		}
		if err := a.Attrs.Set(a, stubborn, "seventh"); err != refuses {
			t.Errorf("a value that is not given up: %v", err)
		}
		b, err := a.Dup()
		if err != nil {
			t.Error(err)
			return
		}
		if _, ok := b.Attrs.Get(early); ok {
			t.Error("an attribute without a copy function was copied")
		}
		if err := b.Free(); err != nil {
			t.Error(err)
		}
		refuse = nil
		if err := a.Free(); err != nil {
			t.Error(err)
		}
		if want := []string{"second", "fifth'", "fifth", "fourth", "first"}; !slices.Equal(deleted, want) {
			t.Errorf("deleted %v, want %v", deleted, want)
		}
	})
}

// TestAttributesOfManyGoroutines is for the race detector; one value a key is left.
func TestAttributesOfManyGoroutines(t *testing.T) {
	var a Attrs
	var wg sync.WaitGroup
	shared := &Keyval{Copy: func(_, v any) (any, bool, error) { return v, true, nil }}
	for g := range 4 {
		wg.Go(func() {
			own := &Keyval{}
			for i := range 100 {
				if err := errors.Join(a.Set(nil, own, i), a.Set(nil, shared, i)); err != nil {
					t.Error(err)
				}
				if v, ok := a.Get(own); v != i || !ok {
					t.Errorf("goroutine %d: %v, want %d", g, v, i)
				}
				var b Attrs
				if err := a.copyTo(&b, nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := len(a.all()); n != 5 {
		t.Errorf("%d attributes, want 5", n)
	}
}
