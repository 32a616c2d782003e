package launcher

// A link is an agent's way to rainrun: its own start channel.
type link struct {
	w     *frameWriter
	relay *mesh // not nil: the start channel is lost, frames go through another agent
}

func newLink(w *frameWriter) *link { return &link{w: w} }

func (l *link) send(kind byte, v any)           { l.w.send(kind, v) }
func (l *link) sendLast(kind byte, v any)       { l.w.sendLast(kind, v) }
func (l *link) sendBulk(kind byte, body []byte) { l.w.sendBulk(kind, body) }
func (l *link) acknowledged(uint64)             {}

// close writes what is queued.
func (l *link) close() {
	l.w.close()
	<-l.w.done
}

// lostRainrun: the start channel has ended. An agent alone ends its ranks.
func (a *agent) lostRainrun(err error) {
	a.end(Cause{Host: a.setup.Host, Code: 1, Text: "rainrun is gone"})
	if a.start == nil {
		a.finished = true
	}
}
