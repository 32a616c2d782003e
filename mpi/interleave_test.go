package mpi

import (
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The code whose steps are explored: all of a file, or some of its declarations, methods as Type.method.
var explored = []struct {
	file  string
	decls []string // nil: all
}{
	{"internal/shm/ring.go", nil},
	{"internal/shm/segment.go", []string{"line", "Control"}},
	{"wait.go", []string{"WaitSet", "maxFlags", "watchedFlag", "waiting", "waiting.changed", "waiting.rouse", "WaitSet.ready", "WaitSet.flagged", "WaitSet.self",
		"patience", "waiting.crowded", "engine.pause", "sweep", "engine.park", "engine.until"}},
	{"memory.go", []string{"burst", "memory.poll", "memory.publish", "memory.wake", "memory.push"}},
	{"outgoing.go", []string{"outgoing", "packet", "outgoing.empty", "outgoing.push", "outgoing.pop"}},
	{"doorbell.go", []string{"doorbell.ring"}},
	{"engine.go", []string{"engine.advance", "engine.handOn"}},
	{"internal/shm/area.go", []string{"MaxFlat", "SlotSize"}},
	{"flat.go", []string{"Flat", "Flat.slot", "Flat.flag", "Flat.data", "Flat.publish", "Flat.missing"}},
	{"flat_call.go", []string{"Comm.advanceFlat", "Comm.awaited"}},
	{"internal/shm/cut.go", []string{"Cut", "cutUnit", "cutMost", "placeBits", "GenBits", "Cut.Open", "Cut.Front", "Cut.Close", "Cut.Back", "Cut.take"}},
	{"lock.go", []string{"lock", "lock.TryLock", "lock.Unlock"}},
}

// adapted is what is not as it stands there: accesses that are not atomic are told to the explorer, and a
// thread that is refused the lock does not turn round for ever.
var adapted = [][2]string{
	{"*r.word(p) = 0", "plain(unsafe.Pointer(r.word(p)), 4, true); *r.word(p) = 0"},
	{"*w.word(next) = 0", "plain(unsafe.Pointer(w.word(next)), 4, true); *w.word(next) = 0"},
	{"cleared = 16 * line", "cleared = line"},
	{"for _, w := range s.Words[:s.N] {\n\t\tif atomic.LoadUint32(w) != 0 {", "for i := range s.Words[:s.N] {\nif look(watched(s, i)) != 0 {"},
	{"e.wait.set.Words[2*i] = p.in.Word()", "watch(e.wait.set, 2*i, p.in.Word())"},
	{"CompareAndSwap(0, 1) {\n\t\treturn false", "CompareAndSwap(0, 1) {\n\t\treturn refused(l)"},
	{"shm.", ""},
	{"SlotSize = 4096 + line", "SlotSize = 16"},
}

// A fault is planted by writing one text for another. FAULT in it asks whether it is planted. It is found in
// the scene, or in one whose name begins so.
type fault struct{ name, scene, old, new string }

func without(name, scene, statement string) fault {
	return fault{name, scene, statement, "if !FAULT {\n" + statement + "\n}"}
}

var faults = []fault{
	{"a record is published by a plain store", "traffic 0 from line 0", "atomic.StoreUint32(w.word(w.pos), uint32(w.n)+1)",
		"if FAULT { plain(unsafe.Pointer(w.word(w.pos)), 4, true); *w.word(w.pos) = uint32(w.n)+1 } else { atomic.StoreUint32(w.word(w.pos), uint32(w.n)+1) }"},
	{"a writer looks for room before it says that it waits", "blocked twice", "w.hungry.Store(1)\n\t\tif w.full(skip + need) {\n",
		"if !FAULT { w.hungry.Store(1) }\nif w.full(skip + need) {\nif FAULT { w.hungry.Store(1) }\n"},
	{"a writer takes the word for room back last", "traffic 1 from line 0", "atomic.StoreUint32(w.room, 0)\n", "if FAULT { defer atomic.StoreUint32(w.room, 0) } else { atomic.StoreUint32(w.room, 0) }\n"},
	without("nothing says that the ring goes on at its start", "traffic 4 from line 0", "atomic.StoreUint32(w.word(w.pos), wrap)"),
	without("what is not cleared before the end is left", "once round", "r.clear(r.pos&^(line-1) + line)"),
	without("the second half of a line is not cleared", "halves 0", "*w.word(next) = 0"),
	{"room is given up to the middle of a line", "halves 1", "r.head.Store(end)", "if FAULT { end = r.pos }\nr.head.Store(end)"},
	{"room is given once round the ring", "traffic 4 from line 0", ">= uint64(len(r.data))/4 {", ">= uint64(len(r.data))/4 && (!FAULT || end-r.given >= uint64(len(r.data))) {"},
	{"room is given before the words are cleared", "traffic 1 from line 0", "r.clear(end)\n",
		"if FAULT && end-r.given >= uint64(len(r.data))/4 { r.head.Store(end) }\nr.clear(end)\n"},
	{"only the first line is cleared", "traffic 2 from line 0", "for p := r.clean; p < end; p += line {", "for p := r.clean; p < end && !(FAULT && p > r.clean); p += line {"},
	without("a reader does not say that there is room", "traffic 1 from line 0", "atomic.StoreUint32(r.room, 1)"),
	{"who parks looks before it says so", "traffic 0 from line 0", "s.Sleep.Add(1)\n",
		"if FAULT && !s.ready(events) { s.Sleep.Add(1); futexWait(s.Bell, +bell, 0); s.Sleep.Add(^uint32(0)); return }\ns.Sleep.Add(1)\n"},
	{"the bell is read last", "traffic 0 from line 0", "futexWait(s.Bell, bell,", "if FAULT { bell = s.Bell.Load() }\nfutexWait(s.Bell, bell,"},
	without("the bell is not counted", "traffic 0 from line 0", "c.Bell.Add(1)"),
	{"who sleeps is asked before the record is there", "traffic 0 from line 0", "p.out.Publish()\n", "if FAULT { m.wake(p) }\np.out.Publish()\nif FAULT { return }\n"},
	{"who sleeps is asked before the event is counted", "two threads", "atomic.AddUint32(&w.set.Events, 1)\n\tif w.set.Sleep.Load() != 0 {",
		"was := FAULT && w.set.Sleep.Load() != 0\natomic.AddUint32(&w.set.Events, 1)\nif was || !FAULT && w.set.Sleep.Load() != 0 {"},
	{"events are counted from after the look", "two threads", "worked := e.advance()\n", "if FAULT { events = atomic.LoadUint32(&e.wait.set.Events) }\nworked := e.advance()\n"},
	without("a thread goes without a look at what it leaves", "two threads", "e.handOn()"),
	{"a flag is a plain store", "flat 0", "atomic.StoreUint32(f.flag(seq, int(f.Me)), seq)",
		"if FAULT { plain(unsafe.Pointer(f.flag(seq, int(f.Me))), 4, true); *f.flag(seq, int(f.Me)) = seq } else { atomic.StoreUint32(f.flag(seq, int(f.Me)), seq) }"},
	{"a rank's slots are one", "flat 0", "int(seq&1)*", "int(seq&1)*bit(!FAULT)*"},
	{"a rank does not look whether all have begun the last one", "flat", "f.next = t.missing(f.seq-1, f.next, c.Size()); f.next < c.Size() {",
		"f.next = t.missing(f.seq-1, f.next, c.Size()); f.next < c.Size() && !FAULT {"},
	{"a rank says that it has begun before it gives", "flat 0", "c.giveFlat(f)\n\t\tt.publish(f.seq)", "if !FAULT { c.giveFlat(f) }\nt.publish(f.seq)\nif FAULT { c.giveFlat(f) }"},
	{"a part of the message before is taken", "cut", "if uint32(w>>(2*placeBits)) != gen {", "if uint32(w>>(2*placeBits)) != gen && !FAULT {"},
	{"a part is taken that may be another's", "cut", "if c.word.CompareAndSwap(w, next) {", "if FAULT { c.word.Store(next) }\nif FAULT || c.word.CompareAndSwap(w, next) {"},
	{"the watched word stays at the end of the ring", "traffic 4 from line 0", "watch(e.wait.set, 2*i, p.in.Word())", "if !FAULT || worked { watch(e.wait.set, 2*i, p.in.Word()) }"},
}

// TestInterleavings explores all orders of the steps of two ranks that send to each other, over rings of eight
// lines, one of which may die, and of three in flat collectives: see testdata/interleave. Faults in the code are found by it. RAIN_INTERLEAVE=long
// adds scenes that take minutes.
func TestInterleavings(t *testing.T) {
	exe := buildExplorer(t)
	scenes := []string{""}
	if testing.Short() {
		scenes = []string{"traffic 0"}
	} else if os.Getenv("RAIN_INTERLEAVE") == "long" {
		scenes = append(scenes, "long")
	}
	for _, s := range scenes {
		out, err := exec.Command(exe, "", s).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		t.Logf("%s", out)
	}
	if testing.Short() {
		return
	}
	for _, f := range faults {
		out, err := exec.Command(exe, f.name, f.scene).CombinedOutput()
		if err == nil || !strings.HasPrefix(string(out), f.scene) {
			t.Errorf("not found: %s\n%s", f.name, out)
		}
	}
}

// buildExplorer builds the explorer with the code as it is now.
func buildExplorer(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/interleave")); err != nil {
		t.Fatal(err)
	}
	text := "package main\n\nimport (\n\"unsafe\"\n\n\"interleave/atomic\"\n)\n"
	for _, e := range explored {
		text += declarations(t, e.file, e.decls)
	}
	for _, a := range adapted {
		if !strings.Contains(text, a[0]) {
			t.Fatalf("the code has no %q any more", a[0])
		}
		text = strings.ReplaceAll(text, a[0], a[1])
	}
	for _, f := range faults {
		if n := strings.Count(text, f.old); n != 1 {
			t.Fatalf("the code has %q %d times; plant %q elsewhere", f.old, n, f.name)
		}
		text = strings.Replace(text, f.old, strings.ReplaceAll(f.new, "FAULT", "plant(\""+f.name+"\")"), 1)
	}
	code, err := format.Source([]byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for name, text := range map[string][]byte{"code.go": code, "go.mod": []byte("module interleave\n\ngo 1.24\n")} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("go", "build", "-o", "interleave", ".")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return filepath.Join(dir, "interleave")
}

// declarations is the text of those of a file that are named.
func declarations(t *testing.T, file string, names []string) (text string) {
	t.Helper()
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, file, source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	part := func(n ast.Node) string {
		return string(source[files.Position(n.Pos()).Offset:files.Position(n.End()).Offset])
	}
	var found []string
	for _, d := range parsed.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			name := d.Name.Name
			if d.Recv != nil {
				name = strings.TrimPrefix(part(d.Recv.List[0].Type), "*") + "." + name
			}
			if names == nil || slices.Contains(names, name) {
				text, found = text+part(d)+"\n\n", append(found, name)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				name := ""
				switch s := s.(type) {
				case *ast.TypeSpec:
					name = s.Name.Name
				case *ast.ValueSpec:
					name = s.Names[0].Name
				}
				if name != "" && (names == nil || slices.Contains(names, name)) {
					text, found = text+d.Tok.String()+" "+part(s)+"\n\n", append(found, name)
				}
			}
		}
	}
	for _, n := range names {
		if !slices.Contains(found, n) {
			t.Fatalf("%s declares no %s any more", file, n)
		}
	}
	return text
}
