package rainnet

import "time"

// start carries the monotonic reading that Now counts from.
var start = time.Now()

// Now is the clock of every Endpoint of this process: monotonic nanoseconds since the process
// began. Only differences mean anything to another process.
func Now() int64 { return int64(time.Since(start)) }
