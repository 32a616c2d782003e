package mpi

import (
	"encoding/json"

	"rainmpi/internal/boot"
)

// A meeting is what one group tells another that it is to be connected with.
type meeting struct {
	Context   contextID // that it would take; the larger of both is taken
	Passports []passport
}

// An outcome is what the root of a call tells the others of its group.
type outcome struct {
	Class Class
	Text  string
	meeting
	Codes []Class // of a spawn: each process's
}

func fails(err error) outcome {
	text := err.Error()
	if e, ok := err.(*Error); ok {
		text = e.Text
	}
	return outcome{Class: ClassOf(err), Text: text}
}

// introduced makes the processes of another group known to those of c, and those of
// c to them: swap, at the root, gives one's passports for the other's. It returns
// the others' places in the engine's table.
func (c *Comm) introduced(root int, swap func(mine []byte) (theirs []byte, err error)) ([]int32, error) {
	_, at, err := c.exchange(root, func(list []passport, failed error) outcome {
		mine, _ := json.Marshal(list) // of strings, numbers and bytes: it cannot fail
		theirs, err := swap(mine)     // also after a failure: the others wait for us
		var o outcome
		if err == nil {
			err = json.Unmarshal(theirs, &o.Passports)
		}
		if failed != nil {
			err = failed
		}
		if err == nil && len(o.Passports) == 0 {
			err = errorf(ErrOther, "a process of the other group cannot talk to other worlds; its error says why")
		}
		if err != nil {
			return fails(err)
		}
		return o
	})
	return at, err
}

// exchange collects the passports of c at the root, which makes an outcome of them,
// and gives that to all: its processes become known.
func (c *Comm) exchange(root int, make func(list []passport, failed error) outcome) (outcome, []int32, error) {
	list, failed := c.passports(root)
	var text []byte
	if c.rank == root {
		text, _ = json.Marshal(make(list, failed)) // as above
	}
	text, err := c.hand(text, root)
	if err != nil {
		return outcome{}, nil, err
	}
	var o outcome
	if err := json.Unmarshal(text, &o); err != nil {
		return o, nil, errorf(ErrIntern, "what rank %d says of the other group: %v", root, err)
	}
	if o.Class != Success {
		if failed != nil {
			return o, nil, failed
		}
		return o, nil, errorf(o.Class, "%s", o.Text)
	}
	at, err := c.e.learn(o.Passports)
	return o, at, c.agreed(err)
}

// agreed is an error if any process of c has one.
func (c *Comm) agreed(err error) error {
	worst := []int64{0}
	if e := Allreduce(c, []int64{int64(ClassOf(err))}, worst, Max); e != nil {
		return e
	}
	if err == nil && worst[0] != 0 {
		return errorf(Class(worst[0]), "another process of the communicator failed; its error says why")
	}
	return err
}

// connected makes an intercommunicator with a group that the root has met: swap
// gives what one group tells for what the other does.
func (c *Comm) connected(root int, swap func(mine []byte) (theirs []byte, err error)) (*Comm, error) {
	o, at, err := c.exchange(root, func(list []passport, failed error) outcome {
		if failed != nil {
			return fails(failed)
		}
		ctx, err := c.e.newContext()
		if err != nil {
			return fails(err)
		}
		mine, _ := json.Marshal(meeting{ctx, list})
		theirs, err := swap(mine)
		if err != nil {
			return fails(err)
		}
		var o outcome
		if err := json.Unmarshal(theirs, &o.meeting); err != nil {
			return fails(errorf(ErrOther, "the other group's root is no rainmpi: %v", err))
		}
		o.Context = max(o.Context, ctx)
		return o
	})
	if err != nil {
		return nil, err
	}
	inter := c.e.newInter(o.Context, c.group, c.e.group(at))
	c.e.report()
	return inter, nil
}

// beBorn makes a spawned process known to its parents, and them to it.
func (e *engine) beBorn(parent *boot.Parent) error {
	var list []passport
	if err := json.Unmarshal(parent.Passports, &list); err != nil {
		return errorf(ErrIntern, "the passports of the parents: %v", err)
	}
	mine, err := e.passport()
	if err != nil {
		return err
	}
	if e.parents, err = e.learn(list); err != nil {
		return err
	}
	e.parentContext = contextID(parent.Context)
	text, _ := json.Marshal(mine)
	if err := e.boot.tell(boot.Message{Born: &boot.Born{Passport: text}}); err != nil {
		return errorf(ErrOther, "the agent has gone: %v", err)
	}
	return nil
}
