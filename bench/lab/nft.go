package lab

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// errNoNFT says what to do where black holes and losses cannot be made.
var errNoNFT = errors.New("black holes and losses need the nft command: apt-get install nftables")

// filter sets what one end of a cable does to the frames that come to it. The
// netdev ingress hook sees every frame, so that ARP and IPv6 go too, and comes
// after generic receive offload, which is why that is off when frames are drawn for.
func (k *keeper) filter(sp *space, dev string, hole bool, loss float64) error {
	table := "rainlab_" + dev
	// An empty table first: deleting one that is not there would be an error.
	script := fmt.Sprintf("table netdev %s {}\ndelete table netdev %s\n", table, table)
	rule := ""
	switch {
	case hole:
		rule = "counter drop"
	case loss > 0:
		rule = fmt.Sprintf("numgen random mod 1000000 < %d counter drop", int(loss*1e6+0.5))
	}
	if rule != "" {
		script += fmt.Sprintf("table netdev %s { chain ingress {\n"+
			" type filter hook ingress device \"%s\" priority 0; policy accept;\n %s\n}\n}\n", table, dev, rule)
	}
	return sp.within(func() error { return k.nft(script) })
}

// nft runs the command on the calling thread's namespaces.
func (k *keeper) nft(script string) error {
	path, err := findNFT()
	if err != nil {
		return err
	}
	inR, inW, err := os.Pipe()
	if err != nil {
		return err
	}
	defer inR.Close()
	outR, outW, err := os.Pipe()
	if err != nil {
		inW.Close()
		return err
	}
	defer outR.Close()
	_, end, err := k.reaper.start(path, []string{"nft", "-f", "-"}, &syscall.ProcAttr{
		Env:   os.Environ(),
		Files: []uintptr{inR.Fd(), outW.Fd(), outW.Fd()},
	})
	outW.Close()
	if err != nil {
		inW.Close()
		return fmt.Errorf("nft: %w", err)
	}
	io.WriteString(inW, script)
	inW.Close()
	said, _ := io.ReadAll(outR)
	if ws := <-end; ws.ExitStatus() != 0 {
		return fmt.Errorf("nft: %s", strings.TrimSpace(string(said)))
	}
	return nil
}

func findNFT() (string, error) {
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin", "/sbin") {
		path := filepath.Join(dir, "nft")
		if executable(path) == nil {
			return path, nil
		}
	}
	return "", errNoNFT
}
