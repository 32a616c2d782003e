package alone

import (
	"os"
	"testing"
)

func TestClear(t *testing.T) {
	for name, stays := range map[string]bool{"SLURM_JOB_ID": false, "RAIN_RAILS": false, "OMPI_MCA_orte_default_hostfile": false, "RAIN_KILLS": true, "PATH": true} {
		t.Setenv(name, os.Getenv(name)+"1")
		defer func() {
			if _, is := os.LookupEnv(name); is != stays {
				t.Errorf("%s is there: %v", name, is)
			}
		}()
	}
	t.Setenv("LC_ALL", "de_DE.UTF-8")
	Clear()
	if os.Getenv("LC_ALL") != "C" {
		t.Error("programs speak another language")
	}
}
