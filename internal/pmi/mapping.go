package pmi

import (
	"fmt"
	"strings"
)

// MappingKey is the key under which a launcher says which rank is on which host.
const MappingKey = "PMI_process_mapping"

// Mapping writes hostOf (world rank → host) in the launcher's form, blocks of
// (first host, hosts, ranks on each): "(vector,(0,2,4))" is eight ranks, four
// on each of two hosts. It is empty where that would be longer than a value.
func Mapping(hostOf []int) string {
	type block struct{ host, hosts, ranks int }
	var blocks []block
	for i := 0; i < len(hostOf); {
		n := 1
		for i+n < len(hostOf) && hostOf[i+n] == hostOf[i] {
			n++
		}
		last := len(blocks) - 1
		if last >= 0 && blocks[last].ranks == n && blocks[last].host+blocks[last].hosts == hostOf[i] {
			blocks[last].hosts++
		} else {
			blocks = append(blocks, block{hostOf[i], 1, n})
		}
		i += n
	}
	var b strings.Builder
	b.WriteString("(vector")
	for _, k := range blocks {
		fmt.Fprintf(&b, ",(%d,%d,%d)", k.host, k.hosts, k.ranks)
	}
	b.WriteByte(')')
	if b.Len() >= MaxValue {
		return ""
	}
	return b.String()
}
