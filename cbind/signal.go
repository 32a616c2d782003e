package main

import "C"

// rain_Room makes the calling thread's goroutine stack large. A handler without SA_ONSTACK that comes
// between two looks of signal.c runs on that stack: a program that re-arms its handler by signal()
// inside the handler drops the flag each time. The collector halves a large stack that is not used,
// so this is called again now and then.
//
//export rain_Room
func rain_Room() { room(false) }

// room's frame is large, and costs nothing unless used.
//
//go:noinline
func room(used bool) byte {
	if used {
		var frame [100 << 10]byte
		return fill(&frame)
	}
	return 0
}

//go:noinline
func fill(b *[100 << 10]byte) byte {
	for i := range b {
		b[i] = byte(i)
	}
	return b[len(b)-1]
}
