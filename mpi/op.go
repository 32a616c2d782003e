package mpi

import (
	"unsafe"

	"rainmpi/mpi/internal/redop"
)

// An Op combines two elements in a reduction (MPI 5.0 section 6.9): one of the
// predefined ones below, or the program's own (NewOp, OpFunc).
type Op struct {
	code    redop.Op // predefined; 0 for the program's own
	commute bool
	freed   bool
	fn      func(in, inout unsafe.Pointer, n int, t *Datatype)
	element *Datatype // that fn takes arrays of; nil: fn looks at the datatype itself

	// External, if not 0, names a function that this package cannot call: the C
	// face's token for a C function. A reduction with it is suspended until the
	// thread that is inside an MPI call has run the function.
	External uintptr
}

// The predefined operations (section 6.9.2), and on which datatypes they are
// defined; Char is an integer here. Those that begin with L are logical, with B
// bitwise. Replace and NoOp are for accumulates on windows only.
var (
	Sum     = predefinedOp(redop.Sum)
	Prod    = predefinedOp(redop.Prod)
	Min     = predefinedOp(redop.Min)
	Max     = predefinedOp(redop.Max)
	LAnd    = predefinedOp(redop.Land)
	LOr     = predefinedOp(redop.Lor)
	LXor    = predefinedOp(redop.Lxor)
	BAnd    = predefinedOp(redop.Band)
	BOr     = predefinedOp(redop.Bor)
	BXor    = predefinedOp(redop.Bxor)
	MinLoc  = predefinedOp(redop.Minloc)
	MaxLoc  = predefinedOp(redop.Maxloc)
	Replace = predefinedOp(redop.Replace)
	NoOp    = predefinedOp(redop.NoOp)
)

func predefinedOp(code redop.Op) *Op { return &Op{code: code, commute: code != redop.Replace} }

var predefinedOps = [...]*Op{Sum, Prod, Min, Max, LAnd, LOr, LXor, BAnd, BOr, BXor, MinLoc, MaxLoc, Replace, NoOp}

// PredefinedOp returns the predefined operation whose handle has this value in
// the standard ABI (chapter 20), nil if there is none.
func PredefinedOp(handle uintptr) *Op {
	for _, o := range predefinedOps {
		if uintptr(o.code) == handle {
			return o
		}
	}
	return nil
}

// Handle returns the value of a predefined operation's handle in the standard
// ABI, 0 for the program's own operations.
func (o *Op) Handle() uintptr {
	if o == nil {
		return 0
	}
	return uintptr(o.code)
}

// NewOp makes an operation of fn, which sets inout[i] = in[i] op inout[i] for n
// elements of type t. It must be associative; commute says that it is also
// commutative, otherwise elements are combined in the order of ranks. fn must not
// communicate (MPI_Op_create, section 6.9.5).
func NewOp(fn func(in, inout unsafe.Pointer, n int, t *Datatype), commute bool) *Op {
	return &Op{fn: fn, commute: commute}
}

// OpFunc makes an operation on elements of the Go type T: f(a, b) where a comes
// from the lower ranks. It can be used with DatatypeOf[T]() and arrays of it.
func OpFunc[T any](f func(a, b T) T, commute bool) *Op {
	var zero T
	size := int64(unsafe.Sizeof(zero))
	return &Op{commute: commute, element: DatatypeOf[T](), fn: func(in, inout unsafe.Pointer, n int, t *Datatype) {
		if size == 0 {
			return
		}
		n = int(int64(n) * t.t.Extent() / size)
		a, b := unsafe.Slice((*T)(in), n), unsafe.Slice((*T)(inout), n)
		for i := range a {
			b[i] = f(a[i], b[i])
		}
	}}
}

// Commutative reports whether the order of the operands does not matter
// (MPI_Op_commutative).
func (o *Op) Commutative() bool { return o.commute }

// Predefined reports whether o is one of the standard's operations.
func (o *Op) Predefined() bool { return o.code != 0 }

// Name returns the standard's name of a predefined operation.
func (o *Op) Name() string {
	if o.code == 0 {
		return "user-defined operation"
	}
	return o.code.String()
}

// Free ends an operation of the program's own; reductions under way with it are
// not affected (MPI_Op_free).
func (o *Op) Free() error {
	switch {
	case o == nil || o.freed:
		return errorf(ErrOp, "the operation is null or was freed")
	case o.code != 0:
		return errorf(ErrOp, "%s is predefined and cannot be freed", o.Name())
	}
	o.freed = true
	return nil
}

// check returns the error of a reduction with o on elements of d. oneSided admits
// the operations that only accumulates may use, and no others than predefined ones:
// "only predefined operations can be used" (section 12.3.4).
func (o *Op) check(d *Datatype, oneSided bool) *Error {
	if err := d.check(); err != nil {
		return err
	}
	switch {
	case o == nil || o.freed:
		return errorf(ErrOp, "the operation is null or was freed")
	case o.code == 0 && oneSided:
		return errorf(ErrOp, "an accumulate takes predefined operations only")
	case (o == Replace || o == NoOp) && !oneSided:
		return errorf(ErrOp, "%s is for accumulates on windows only", o.Name())
	case o.code != 0 && oneSided:
		if b, ok := d.t.Basic(); d.t.Size() > 0 && (!ok || !redop.Valid(o.code, b)) {
			return errorf(ErrOp, "%s is not defined on %s", o.Name(), d.label())
		}
	case o.code != 0 && !redop.ValidOn(o.code, d.t):
		return errorf(ErrOp, "%s is not defined on %s; use a datatype that MPI 5.0 section 6.9.2 allows, or an operation made by MPI_Op_create", o.Name(), d.label())
	case o.element != nil:
		return o.element.checkArray(d)
	}
	return nil
}

// checkArray returns the error of taking d for an array of elements e without gaps.
func (e *Datatype) checkArray(d *Datatype) *Error {
	if err := e.check(); err != nil {
		return err
	}
	n := d.t.Size() / max(e.t.Size(), 1)
	if d.t.Size() != n*e.t.Size() || d.t.Extent() != n*e.t.Extent() || d.t.LB() != e.t.LB() {
		return errorf(ErrOp, "the operation is on %s; %s is no array of that", e.label(), d.label())
	}
	return nil
}

// reduce sets inout = in o inout for n elements. It returns false, having done
// nothing, where External has to be called.
func (o *Op) reduce(in, inout unsafe.Pointer, n int64, d *Datatype) bool {
	switch {
	case n == 0:
	case o.code != 0:
		redop.Reduce(o.code, d.t, in, inout, n)
	case o.fn != nil:
		o.fn(in, inout, int(n), d)
	default:
		return false
	}
	return true
}

// ReduceLocal sets inout[i] = in[i] op inout[i] for all elements of in
// (MPI_Reduce_local, section 6.9.7).
func ReduceLocal(in, inout Buffer, op *Op) error {
	if in.Count < 0 {
		return errorf(ErrCount, "count is %d; it must not be negative", in.Count)
	}
	if err := in.Type.checkCommitted(); err != nil {
		return err
	}
	if err := op.check(in.Type, false); err != nil {
		return err
	}
	switch {
	case in.IsInPlace() || inout.IsInPlace():
		return errorf(ErrBuffer, "MPI_IN_PLACE is no operand of MPI_Reduce_local")
	case in.Addr == inout.Addr && in.Addr != nil && in.Count > 0:
		return errorf(ErrBuffer, "both operands of MPI_Reduce_local are the same memory")
	case inout.Count < in.Count:
		return errorf(ErrCount, "the result has room for %d elements, the operand has %d", inout.Count, in.Count)
	case !op.reduce(in.Addr, inout.Addr, int64(in.Count), in.Type):
		return errorf(ErrOp, "the operation is a C function; only the C face can call it here")
	}
	return nil
}
