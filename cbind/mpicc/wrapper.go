package main

import (
	"fmt"
	"path/filepath"
	"strings"
)

// A wrapper knows what to add to a compiler's command.
type wrapper struct {
	name     string
	compiler []string // one word, or more as in "ccache gcc"
	include  string
	lib      string
}

var cxxNames = map[string]bool{"mpicxx": true, "mpic++": true, "mpiCC": true, "mpicxx_abi": true}

// newWrapper is the wrapper called name in prefix/bin. The environment may name another compiler,
// in this project's variables and in those of MPICH and Open MPI.
func newWrapper(name, prefix string, getenv func(string) string) *wrapper {
	w := &wrapper{
		name:     name,
		compiler: []string{"gcc"},
		include:  filepath.Join(prefix, "include"),
		lib:      filepath.Join(prefix, "lib"),
	}
	variables := []string{"MPI_CC", "MPICH_CC", "OMPI_CC"}
	if cxxNames[name] {
		w.compiler = []string{"g++"}
		variables = []string{"MPI_CXX", "MPICH_CXX", "OMPI_CXX"}
	}
	for _, v := range variables {
		if words := strings.Fields(getenv(v)); len(words) > 0 {
			w.compiler = words
			break
		}
	}
	return w
}

func (w *wrapper) compileFlags() []string { return []string{"-I" + w.include} }

func (w *wrapper) linkFlags() []string {
	return []string{"-L" + w.lib, "-Wl,-rpath," + w.lib, "-Wl,--enable-new-dtags", "-lmpi_abi"}
}

func (w *wrapper) usage() string {
	return fmt.Sprintf(`usage: %[1]s [option] [compiler arguments]
Compiles and links MPI programs with %[2]s.
  -cc=PROGRAM, -cxx=PROGRAM  use this compiler (or set MPI_CC, MPI_CXX)
  -show                      print the command instead of running it
  -compile-info, -link-info  print the command for compiling, for linking
  -showme                    as -show; also -showme:command, :compile, :link,
                             :incdirs, :libdirs, :libs, :version, :help
  -v                         print the version, then what the compiler says
  -help                      this text
`, w.name, strings.Join(w.compiler, " "))
}

// plan reads the arguments. It returns what to print, and the command to run afterwards, nil if
// there is none.
func (w *wrapper) plan(args []string) (answer string, command []string, err error) {
	if len(args) == 0 {
		return "", nil, fmt.Errorf("%s: no arguments: name a source file, or try -help", w.name)
	}
	show := false
	var rest []string
	for _, a := range args {
		a := strings.Replace(a, "--showme", "-showme", 1)
		switch {
		case strings.HasPrefix(a, "-cc="), strings.HasPrefix(a, "-cxx="), strings.HasPrefix(a, "-CC="):
			_, name, _ := strings.Cut(a, "=")
			if w.compiler = strings.Fields(name); len(w.compiler) == 0 {
				return "", nil, fmt.Errorf("%s: %s names no compiler", w.name, a)
			}
		case a == "-show" || a == "-showme":
			show = true
		case a == "-v":
			answer = w.version() + "\n"
			rest = append(rest, a)
		default:
			if text, ok := w.question(a); ok {
				return text + "\n", nil, nil
			}
			rest = append(rest, a)
		}
	}
	if show {
		return join(w.command(rest, true)) + "\n", nil, nil
	}
	return answer, w.command(rest, false), nil
}

// question answers an argument that asks for one thing.
func (w *wrapper) question(a string) (string, bool) {
	switch strings.ReplaceAll(a, "_", "-") {
	case "-compile-info":
		return join(append(w.compiler[:len(w.compiler):len(w.compiler)], append(w.compileFlags(), "-c")...)), true
	case "-link-info":
		return join(append(w.compiler[:len(w.compiler):len(w.compiler)], w.linkFlags()...)), true
	case "-showme:command":
		return strings.Join(w.compiler, " "), true
	case "-showme:compile":
		return join(w.compileFlags()), true
	case "-showme:link":
		return join(w.linkFlags()), true
	case "-showme:incdirs":
		return w.include, true
	case "-showme:libdirs":
		return w.lib, true
	case "-showme:libs":
		return "mpi_abi", true
	case "-showme:version":
		return w.version(), true
	case "-help", "--help", "-showme:help":
		return strings.TrimSuffix(w.usage(), "\n"), true
	}
	return "", false
}

func (w *wrapper) version() string {
	return w.name + " of rainmpi: the standard ABI of MPI 5.0 (libmpi_abi.so.1)"
}

// command is the compiler's command line. The library is left away where nothing is linked: the
// compiler would warn of it, or, asked for its version only, would try to link.
func (w *wrapper) command(args []string, show bool) []string {
	c := append([]string{}, w.compiler...)
	c = append(c, w.compileFlags()...)
	c = append(c, args...)
	if links(args) || show && len(args) == 0 {
		c = append(c, w.linkFlags()...)
	}
	return c
}

func links(args []string) bool {
	input := false
	for i, a := range args {
		switch {
		case a == "-c", a == "-E", a == "-S", a == "-M", a == "-MM", a == "-fsyntax-only":
			return false
		case a == "-" || strings.HasPrefix(a, "@"):
			input = true
		case !strings.HasPrefix(a, "-") && !takesValue(args, i):
			input = true
		case strings.HasPrefix(a, "-l"), strings.HasPrefix(a, "-Wl,"):
			input = true
		}
	}
	return input
}

// takesValue reports whether args[i] is the value of the option before it.
func takesValue(args []string, i int) bool {
	if i == 0 {
		return false
	}
	switch args[i-1] {
	case "-o", "-I", "-L", "-D", "-U", "-x", "-include", "-isystem", "-MF", "-MT", "-MQ", "-Xlinker", "-T", "-u":
		return true
	}
	return false
}

// join quotes words that a shell would split: the answers are pasted into shell commands.
func join(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		if strings.ContainsAny(w, " \t\"'\\$`&|;()<>*?[]{}~#") {
			w = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
		quoted[i] = w
	}
	return strings.Join(quoted, " ")
}
