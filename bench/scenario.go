package bench

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"rainmpi/bench/lab"
)

// A Scenario is a way in which rails fail under a stream. It draws, for each
// trial, which rail it is, at which host and when, so that all implementations
// meet the same.
type Scenario struct {
	Name, Brief string
	hosts       int      // of the lab; 0: two
	rates       []uint64 // of its rails, bits per second; nil: as the caller has them
	loss        float64  // of a rail, probability; 0: as the caller has it
	alone       bool     // one rail by itself is measured first, to compare with
	draw        func(*drawing)
	bars        func(o *Scene, s *Summary) []Bar
}

// A Scene is a scenario with its settings.
type Scene struct {
	*Scenario
	Rails int
	Rates []uint64 // of each rail, bits per second
	Down  float64  // how long the fault lasts, seconds
	Loss  float64  // of the rails that lose: probability
}

// NewScene takes the settings that a scenario leaves to its caller: the number of
// rails, the rate of each (one: of all), how long the fault lasts, in seconds, and
// the probability of a loss.
func NewScene(name string, rails int, rates []uint64, down, loss float64) (*Scene, error) {
	s := &Scene{Rails: rails, Rates: slices.Clone(rates), Down: down, Loss: loss}
	for i := range scenarios {
		if scenarios[i].Name == name {
			s.Scenario = &scenarios[i]
		}
	}
	switch {
	case s.Scenario == nil:
		return nil, fmt.Errorf("faults: no scenario %q: there are %s", name, strings.Join(ScenarioNames(), ", "))
	case s.rates != nil:
		s.Rates, s.Rails = s.rates, len(s.rates)
	case rails < 2:
		return nil, fmt.Errorf("faults: %d rails: with less than two nothing is left when one fails", rails)
	case len(rates) == 1:
		s.Rates = slices.Repeat(rates, rails)
	case len(rates) != rails:
		return nil, fmt.Errorf("faults: %d rates for %d rails: give one, or one for each", len(rates), rails)
	}
	if !(down >= 1) {
		return nil, fmt.Errorf("faults: the fault lasts %g s: give 1 at least, for rates are taken from half a second on", down)
	}
	if !(loss > 0 && loss < 1) {
		return nil, fmt.Errorf("faults: loss %g: it is a probability between 0 and 1", loss)
	}
	if s.loss > 0 {
		s.Loss = s.loss
	}
	return s, nil
}

// Config is the lab of the scene.
func (s *Scene) Config() lab.Config {
	return lab.Config{Hosts: max(s.hosts, 2), Rails: s.Rails, Rates: s.Rates}
}

// Ranks is how many the stream runs with: one on each host, of which the first
// sends to the last.
func (s *Scene) Ranks() int { return max(s.hosts, 2) }

// Scenarios lists them.
func Scenarios() []Scenario { return scenarios }

// ScenarioNames lists their names.
func ScenarioNames() (names []string) {
	for _, s := range scenarios {
		names = append(names, s.Name)
	}
	return names
}

var scenarios = []Scenario{
	{Name: "cut", Brief: "one rail loses its carrier at one end, for good", draw: drawCut,
		bars: func(o *Scene, s *Summary) []Bar { return []Bar{s.gapBar(0.050)} }},
	{Name: "black-hole", Brief: "one rail swallows everything, in one direction or both, for good", draw: drawHole,
		bars: func(o *Scene, s *Summary) []Bar { return []Bar{s.gapBar(0.100)} }},
	{Name: "loss", Brief: "all rails lose frames at random, in both directions", draw: drawLoss, bars: lossBars},
	{Name: "lossy-rail", Brief: "one rail loses 5 % of all frames, in both directions, and is mended", loss: 0.05, alone: true, draw: drawLossy,
		bars: lossyBars},
	{Name: "flap", Brief: "one rail loses its carrier and gets it back, again and again", draw: drawFlap,
		bars: func(o *Scene, s *Summary) []Bar { return []Bar{s.backBar()} }},
	{Name: "slow-rail", Brief: "1 Gbit/s and 100 Mbit/s; the slow rail is cut and mended", rates: []uint64{1e9, 1e8}, draw: drawSlow,
		bars: slowBars},
	{Name: "crossed-rails", Brief: "of three hosts the first has lost rail 1, the last rail 2, and the second has both", hosts: 3,
		draw: drawCrossed, bars: crossedBars},
	{Name: "repair", Brief: "one rail loses its carrier at one end, and is mended", alone: true, draw: drawCut, bars: repairBars},
}

// A drawing is one trial being drawn up. All times are seconds by the receiver's clock.
type drawing struct {
	*Scene
	rand  *rand.Rand
	trial Draw
}

// A Draw is what happens in one trial.
type Draw struct {
	Faults  []lab.Event
	Break   float64 // the first fault
	Mend    float64 // all is mended
	Seconds float64 // the stream's end
}

// Times of a trial: the fault comes at a random moment of a second.
const (
	calm  = 1.5 // before the fault
	after = 2.5 // the repair
)

// Draw draws a trial; the same seed and number give the same.
func (s *Scene) Draw(seed uint64, trial int) Draw {
	d := drawing{Scene: s, rand: rand.New(rand.NewPCG(seed, uint64(trial)))}
	d.trial.Break = calm + d.rand.Float64()
	d.trial.Mend = d.trial.Break + s.Down
	d.trial.Seconds = d.trial.Mend + after
	d.draw(&d)
	return d.trial
}

func (d *drawing) at(t float64, f lab.Fault) {
	d.trial.Faults = append(d.trial.Faults, lab.Event{At: seconds(t), Fault: f})
}

// rail and host are any of the rails, and one of the two hosts that talk.
func (d *drawing) rail() string { return railName(1 + d.rand.IntN(d.Rails)) }
func (d *drawing) host() string { return []string{"h1", fmt.Sprintf("h%d", d.Ranks())}[d.rand.IntN(2)] }

func railName(n int) string { return fmt.Sprintf("rail%d", n) }

func (d *drawing) mend(rail string) { d.at(d.trial.Mend, lab.Fault{Kind: lab.KindMend, Rail: rail}) }

// last ends the stream while the rail is still broken.
func (d *drawing) last() { d.trial.Seconds = d.trial.Mend }

func drawCut(d *drawing) {
	rail := d.rail()
	d.at(d.trial.Break, lab.Fault{Kind: lab.KindCut, Rail: rail, Host: d.host(), End: lab.AtSwitch})
	if d.Name == "cut" {
		d.last()
		return
	}
	d.mend(rail)
}

func drawHole(d *drawing) {
	f := lab.Fault{Kind: lab.KindBlackHole, Rail: d.rail(), Host: d.host(), Dir: []lab.Dir{lab.Out, lab.In, lab.Both}[d.rand.IntN(3)]}
	d.at(d.trial.Break, f)
	d.last()
}

func drawLoss(d *drawing) {
	for r := range d.Rails {
		d.lose(railName(r + 1))
	}
}

func drawLossy(d *drawing) { d.lose(d.rail()) }

func (d *drawing) lose(rail string) {
	d.at(d.trial.Break, lab.Fault{Kind: lab.KindLoss, Rail: rail, Loss: d.Loss})
	d.mend(rail)
}

// A flapping rail is up, and down, for 50 to 350 ms each.
func drawFlap(d *drawing) {
	rail, host := d.rail(), d.host()
	turn := func() float64 { return 0.05 + 0.3*d.rand.Float64() }
	for t := d.trial.Break; t < d.trial.Mend-0.4; t += turn() {
		d.at(t, lab.Fault{Kind: lab.KindCut, Rail: rail, Host: host, End: lab.AtSwitch})
		t += turn()
		d.at(t, lab.Fault{Kind: lab.KindMend, Rail: rail})
	}
	d.mend(rail)
	d.trial.Seconds += flapAfter - after
}

// flapAfter is how long a rail that has flapped is watched: it is held down for up
// to some seconds (link.Config.HoldBase doubles with each Down).
const flapAfter = 8.0

func drawSlow(d *drawing) {
	d.at(d.trial.Break, lab.Fault{Kind: lab.KindCut, Rail: "rail2", Host: d.host(), End: lab.AtSwitch})
	d.mend("rail2")
}

func drawCrossed(d *drawing) {
	first, last := "h1", fmt.Sprintf("h%d", d.Ranks())
	d.at(d.trial.Break, lab.Fault{Kind: lab.KindCut, Rail: "rail1", Host: first, End: lab.AtSwitch})
	for r := 2; r <= d.Rails; r++ {
		d.at(d.trial.Break, lab.Fault{Kind: lab.KindCut, Rail: railName(r), Host: last, End: lab.AtSwitch})
	}
	for r := range d.Rails {
		d.mend(railName(r + 1))
	}
}
