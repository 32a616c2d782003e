package launcher

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
)

func TestChannel(t *testing.T) {
	r, w := io.Pipe()
	out := newFrameWriter(w, false)
	out.send(kindInit, Init{Rank: 3})
	go out.sendBulk(kindOut, packOut(3, 1, []byte("line\n")))
	in := newFrameReader(io.MultiReader(strings.NewReader("Welcome to this host!"), r))
	if garbage, err := in.preamble(); err != nil {
		t.Fatal(garbage, err)
	}
	var m Init
	f, err := in.next()
	if err != nil || f.decode(&m) != nil || f.kind != kindInit || m.Rank != 3 {
		t.Fatalf("%+v %v", f, err)
	}
	f, err = in.next()
	rank, stream, data, _ := unpackOut(f.body)
	if err != nil || rank != 3 || stream != 1 || string(data) != "line\n" {
		t.Fatalf("%+v %v", f, err)
	}
	out.close()
	<-out.done
	w.Close()
	if _, err = in.next(); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}

func TestChannelGarbage(t *testing.T) {
	in := newFrameReader(strings.NewReader("no such command\n"))
	if garbage, err := in.preamble(); err == nil || string(garbage) != "no such command\n" {
		t.Errorf("%q %v", garbage, err)
	}
	in = newFrameReader(io.LimitReader(zeros{}, 1<<30))
	if _, err := in.preamble(); err == nil {
		t.Error("endless garbage was read to its end")
	}
	for _, s := range []string{"GET / HTTP", "R\x01\x00\x00\xff\xff\xff\xff", "R\x00\x00\x00\x00\x00\x00\x00", "R\xff\x00\x00\x00\x00\x00\x00"} {
		if _, err := newFrameReader(strings.NewReader(s)).next(); err == nil || !strings.Contains(err.Error(), "garbage") {
			t.Errorf("%q: %v", s, err)
		}
	}
	// 60 MB are announced, 3 bytes come: only what came is allocated.
	if _, err := newFrameReader(strings.NewReader("R\x01\x00\x00\x00\x00\x00\x03abc")).next(); err != io.ErrUnexpectedEOF {
		t.Errorf("a torn frame: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

// The guardian's goodbye is understood behind a torn frame.
func TestGoodbyeAfterTornFrame(t *testing.T) {
	b := appendFrame(nil, kindOut, packOut(0, 1, bytes.Repeat([]byte("x"), 1000)))
	bye := encode(kindGoodbye, Goodbye{Text: "killed"})
	for _, cut := range []int{9, 50, 500, len(b) - 1, len(b)} {
		torn := appendFrame(append([]byte(nil), b[:cut]...), bye.kind, bye.body)
		in := newFrameReader(bytes.NewReader(torn))
		f, err := in.next()
		if cut == len(b) {
			f, err = in.next()
		}
		var g Goodbye
		if err != nil || f.kind != kindGoodbye || f.decode(&g) != nil || g.Text != "killed" {
			t.Errorf("cut at %d: %+v %v", cut, f.kind, err)
		}
	}
}

// A diverted writer sends again what is not acknowledged, exactly in order.
func TestDivert(t *testing.T) {
	r, w := io.Pipe()
	out := newFrameWriter(w, true)
	in := newFrameReader(r)
	if _, err := in.preamble(); err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		out.send(kindInit, Init{Rank: i})
		if _, err := in.next(); err != nil {
			t.Fatal(err)
		}
	}
	out.acknowledged(4)
	got := make(chan string, 100)
	out.divert(func(seq uint64, f frame) {
		var m Init
		_ = f.decode(&m)
		got <- fmt.Sprint(seq, "=", m.Rank)
	})
	out.send(kindInit, Init{Rank: 10})
	for i := 4; i <= 10; i++ {
		if s := <-got; s != fmt.Sprint(i, "=", i) {
			t.Errorf("got %s, want %d", s, i)
		}
	}
	out.close()
	<-out.done
}

func FuzzFrames(f *testing.F) {
	f.Add(appendFrame(nil, kindInit, []byte(`{"Rank":1}`)))
	f.Add([]byte("R\x10\x00\x00\x05\x00\x00\x00R\x11\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		in := newFrameReader(bytes.NewReader(b))
		for total := 0; ; {
			fr, err := in.next()
			if err != nil {
				return
			}
			if total += len(fr.body); total > len(b) {
				t.Fatal("more came out than went in")
			}
			_, _, _, _ = unpackOut(fr.body)
			_, _, _, _ = unpackRelayed(fr.body)
		}
	})
}
