package launcher

import (
	"strings"
	"testing"
)

func TestExpandNodes(t *testing.T) {
	for _, c := range []struct{ list, want string }{
		{"n1", "n1"},
		{"n[1-3]", "n1 n2 n3"},
		{"n[1-2,7],m[09-11]x,login", "n1 n2 n7 m09x m10x m11x login"},
		{"r[1-2]n[1-2]", "r1n1 r1n2 r2n1 r2n2"},
		{"a,b", "a b"},
		{"n[1-", "no closing ]"},
		{"n[3-1]", "no range"},
		{"n[x]", "no range"},
		{"n[1-9999999]", "no range"},
		{"n1;rm", "no host name has"},
		{"-x", "dash"},
		{",", "without a name"},
	} {
		got, err := expandNodes(c.list)
		text := strings.Join(got, " ")
		if err != nil {
			text = err.Error()
		}
		if text != c.want && (err == nil || !strings.Contains(text, c.want)) {
			t.Errorf("%s: %s, want %s", c.list, text, c.want)
		}
	}
}

func TestSlurmHosts(t *testing.T) {
	for _, c := range []struct {
		env  string
		want string
	}{
		{"SLURM_JOB_NODELIST=n[1-4] SLURM_TASKS_PER_NODE=2(x3),1", ""}, // no allocation
		{"SLURM_JOB_ID=1 SLURM_JOB_NODELIST=n[1-4] SLURM_TASKS_PER_NODE=2(x3),1", "n1/2 n2/2 n3/2 n4/1"},
		{"SLURM_JOB_ID=1 SLURM_JOB_NODELIST=n[1-2] SLURM_JOB_CPUS_PER_NODE=8(x2)", "n1/8 n2/8"},
		{"SLURM_JOB_ID=1 SLURM_JOB_NODELIST=n[1-2] SLURM_JOB_CPUS_PER_NODE=8,4 SLURM_CPUS_PER_TASK=3", "n1/2 n2/1"},
		{"SLURM_JOB_ID=1 SLURM_JOB_NODELIST=n[1-2]", "n1/0 n2/0"},
		{"SLURM_JOB_ID=1 SLURM_JOB_NODELIST=n[1-2 SLURM_TASKS_PER_NODE=2", "SLURM_JOB_NODELIST=n[1-2"},
		{"SLURM_JOB_ID=1 SLURM_JOB_NODELIST=n1 SLURM_TASKS_PER_NODE=many", "SLURM_TASKS_PER_NODE=many"},
	} {
		hosts, err := SlurmHosts(func(name string) string { return lookup(strings.Fields(c.env), name) })
		got := text(hosts)
		if err != nil {
			got = err.Error()
		}
		if got != c.want && (err == nil || !strings.Contains(got, c.want)) {
			t.Errorf("%s: %s, want %s", c.env, got, c.want)
		}
	}
}
