package mpi_test

import (
	"fmt"
	"testing"

	"rainmpi/mpi"
)

func init() {
	programs["free"] = freeUnderWay
}

// freeUnderWay frees requests that are under way and hold no memory of the program: of a buffered send that was cancelled,
// and of a flush of the buffer.
func freeUnderWay([]string) error {
	if err := mpi.Init(); err != nil {
		return err
	}
	c, data := mpi.World(), make([]byte, 1<<20)
	if _, err := mpi.Sendrecv(c, data[:100], c.Rank(), 1, data[100:200], c.Rank(), 1); err != nil {
		return err // so that requests that were of use lie in the pool
	}
	if c.Rank() == 0 {
		if err := c.BsendBuffer().AttachAutomatic(); err != nil {
			return err
		}
		for _, n := range []int{100, len(data)} {
			for _, cancelled := range []bool{true, false} {
				r, err := c.IsendMode(mpi.Buffered, mpi.Slice(data[:n]), 1, 5)
				if err != nil {
					return err
				}
				if cancelled {
					if err := r.Cancel(); err != nil {
						return err
					}
				}
				if err := r.Free(); err != nil {
					return err
				}
				if err := c.BsendBuffer().Iflush().Free(); err != nil {
					return err
				}
			}
		}
		if err := mpi.Send(c, []int{1}, 1, 6); err != nil {
			return err
		}
	} else {
		if _, err := mpi.Recv(c, []int{0}, 0, 6); err != nil {
			return err // behind the others, which are here now
		}
		received := 0
		for {
			st, found, err := c.Iprobe(0, 5)
			if err != nil {
				return err
			}
			if !found {
				break
			}
			if _, err := mpi.Recv(c, data[:st.Count(mpi.Byte)], 0, 5); err != nil {
				return err
			}
			received++
		}
		if received < 2 {
			return fmt.Errorf("%d messages, and two were not cancelled", received)
		}
	}
	return mpi.Finalize()
}

func TestFreeUnderWay(t *testing.T) {
	for place, args := range places {
		t.Run(place, func(t *testing.T) { start(t, "free", args...).wait(0) })
	}
}
