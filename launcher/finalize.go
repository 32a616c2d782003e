package launcher

import "rainmpi/internal/boot"

// HostFinalized tells the other agents that all ranks of this host have come
// to MPI_Finalize with everything they sent acknowledged.
type HostFinalized struct{}

// rankFinalized lets the ranks of a job on several hosts go together: one that
// left earlier could not acknowledge what another has to send again after a
// break of all paths, and the other would wait for it for ever.
func (a *agent) rankFinalized() {
	if a.mesh == nil {
		return
	}
	for _, r := range a.ranks {
		if !r.finalized {
			return
		}
	}
	a.mesh.flood(kindFinalized, HostFinalized{})
	a.hostFinalized(a.setup.Host)
}

func (a *agent) hostFinalized(host int) {
	a.finalized[host] = true
	if a.start == nil {
		return
	}
	for _, h := range a.start.HostOf {
		if !a.finalized[h] {
			return
		}
	}
	for _, r := range a.ranks {
		if r.connOpen {
			conn := r.conn
			go func() { _ = conn.Send(boot.Message{Finalize: &boot.Finalize{}}) }()
		}
	}
}
