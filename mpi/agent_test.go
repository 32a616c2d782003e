package mpi

import (
	"slices"
	"testing"

	"rainmpi/internal/boot"
)

// Before the cards come the agent may say that others have failed, and ask what we
// wait for because the job ends: we are not what failed.
func TestExchangeIsAsked(t *testing.T) {
	rank, other, err := boot.Pair()
	if err != nil {
		t.Fatal(err)
	}
	defer rank.Close()
	defer other.Close()
	for _, m := range []boot.Message{
		{Failed: &boot.Failed{Ranks: []int{3}}},
		{Waits: &boot.Waits{}},
		{Look: &boot.Look{}},
		{Cards: &boot.Cards{Cards: [][]byte{{1}}}},
	} {
		if err := other.Send(m); err != nil {
			t.Fatal(err)
		}
	}
	cards, failed, err := (&agent{conn: rank}).exchange([]byte{7})
	if err != nil || len(cards.Cards) != 1 || !slices.Equal(failed, []int{3}) {
		t.Errorf("%+v, %v, %v", cards, failed, err)
	}
	if m, err := other.Recv(); err != nil || m.Card == nil || m.Card.Card[0] != 7 {
		t.Errorf("first it said %+v, %v; want its card", m, err)
	}
	if m, err := other.Recv(); err != nil || m.Waits == nil || len(m.Waits.Ranks) > 0 {
		t.Errorf("then it said %+v, %v; want that it waits for nobody", m, err)
	}
}
