package mpi

import (
	"errors"
	"fmt"
)

// A Class is an MPI error class (MPI 5.0 section 9.4); the values are the
// standard ABI's.
type Class int

const (
	Success                 Class = 0
	ErrBuffer               Class = 1
	ErrCount                Class = 2
	ErrType                 Class = 3
	ErrTag                  Class = 4
	ErrComm                 Class = 5
	ErrRank                 Class = 6
	ErrRequest              Class = 7
	ErrRoot                 Class = 8
	ErrGroup                Class = 9
	ErrOp                   Class = 10
	ErrTopology             Class = 11
	ErrDims                 Class = 12
	ErrArg                  Class = 13
	ErrUnknown              Class = 14
	ErrTruncate             Class = 15
	ErrOther                Class = 16
	ErrIntern               Class = 17
	ErrPending              Class = 18
	ErrInStatus             Class = 19
	ErrAccess               Class = 20
	ErrAmode                Class = 21
	ErrAssert               Class = 22
	ErrBadFile              Class = 23
	ErrBase                 Class = 24
	ErrConversion           Class = 25
	ErrDisp                 Class = 26
	ErrDupDatarep           Class = 27
	ErrFileExists           Class = 28
	ErrFileInUse            Class = 29
	ErrFile                 Class = 30
	ErrInfoKey              Class = 31
	ErrInfoNoKey            Class = 32
	ErrInfoValue            Class = 33
	ErrInfo                 Class = 34
	ErrIO                   Class = 35
	ErrKeyval               Class = 36
	ErrLockType             Class = 37
	ErrName                 Class = 38
	ErrNoMem                Class = 39
	ErrNotSame              Class = 40
	ErrNoSpace              Class = 41
	ErrNoSuchFile           Class = 42
	ErrPort                 Class = 43
	ErrQuota                Class = 44
	ErrReadOnly             Class = 45
	ErrRMAAttach            Class = 46
	ErrRMAConflict          Class = 47
	ErrRMARange             Class = 48
	ErrRMAShared            Class = 49
	ErrRMASync              Class = 50
	ErrService              Class = 51
	ErrSize                 Class = 52
	ErrSpawn                Class = 53
	ErrUnsupportedDatarep   Class = 54
	ErrUnsupportedOperation Class = 55
	ErrWin                  Class = 56
	ErrRMAFlavor            Class = 57
	ErrProcAborted          Class = 58
	ErrValueTooLarge        Class = 59
	ErrSession              Class = 60
	ErrErrhandler           Class = 61
	ErrABI                  Class = 62

	// Of this library, not of the standard (mpi-ext.h): what survives a failure hears of it
	// where rainrun was told to go on without the dead. The names and the numbers are those
	// of User-Level Failure Mitigation in MPICH; the standard has none above 62 here.
	ErrProcFailed        Class = 101
	ErrProcFailedPending Class = 102
	ErrRevoked           Class = 103

	// ErrLastCode is the largest value of a predefined error class.
	ErrLastCode Class = 16383
)

var classTexts = [...]string{
	Success:                 "no error",
	ErrBuffer:               "invalid buffer",
	ErrCount:                "invalid count",
	ErrType:                 "invalid datatype",
	ErrTag:                  "invalid tag",
	ErrComm:                 "invalid communicator",
	ErrRank:                 "invalid rank",
	ErrRequest:              "invalid request",
	ErrRoot:                 "invalid root",
	ErrGroup:                "invalid group",
	ErrOp:                   "invalid operation for this datatype",
	ErrTopology:             "invalid topology",
	ErrDims:                 "invalid dimensions",
	ErrArg:                  "invalid argument",
	ErrUnknown:              "unknown error",
	ErrTruncate:             "message truncated",
	ErrOther:                "known error not in this list",
	ErrIntern:               "internal error",
	ErrPending:              "operation still pending",
	ErrInStatus:             "error code is in the status",
	ErrAccess:               "permission denied",
	ErrAmode:                "invalid access mode",
	ErrAssert:               "invalid assertion",
	ErrBadFile:              "invalid file name",
	ErrBase:                 "invalid base address",
	ErrConversion:           "error in a data conversion function",
	ErrDisp:                 "invalid displacement",
	ErrDupDatarep:           "data representation already defined",
	ErrFileExists:           "file exists",
	ErrFileInUse:            "file is in use",
	ErrFile:                 "invalid file handle",
	ErrInfoKey:              "invalid info key",
	ErrInfoNoKey:            "no such info key",
	ErrInfoValue:            "invalid info value",
	ErrInfo:                 "invalid info object",
	ErrIO:                   "input or output error",
	ErrKeyval:               "invalid attribute key",
	ErrLockType:             "invalid lock type",
	ErrName:                 "name not published",
	ErrNoMem:                "out of memory",
	ErrNotSame:              "arguments differ between ranks",
	ErrNoSpace:              "not enough space",
	ErrNoSuchFile:           "no such file",
	ErrPort:                 "invalid port name",
	ErrQuota:                "quota exceeded",
	ErrReadOnly:             "read-only file or file system",
	ErrRMAAttach:            "memory cannot be attached",
	ErrRMAConflict:          "conflicting accesses to a window",
	ErrRMARange:             "target memory is not part of the window",
	ErrRMAShared:            "memory cannot be shared",
	ErrRMASync:              "wrong synchronization of a window",
	ErrService:              "invalid service name",
	ErrSize:                 "invalid size",
	ErrSpawn:                "processes could not be started",
	ErrUnsupportedDatarep:   "unsupported data representation",
	ErrUnsupportedOperation: "operation not supported",
	ErrWin:                  "invalid window",
	ErrRMAFlavor:            "wrong kind of window",
	ErrProcAborted:          "a process of this communicator has aborted",
	ErrValueTooLarge:        "value does not fit the type",
	ErrSession:              "invalid session",
	ErrErrhandler:           "invalid error handler",
	ErrABI:                  "ABI mismatch",
	ErrProcFailed:           "a process has failed",
	ErrProcFailedPending:    "a process has failed that might have sent",
	ErrRevoked:              "the communicator was revoked",
}

// String is the text of the class, as MPI_Error_string gives it.
func (c Class) String() string {
	if c >= 0 && int(c) < len(classTexts) && classTexts[c] != "" {
		return classTexts[c]
	}
	return fmt.Sprintf("error class %d", int(c))
}

// An Error is what went wrong in an MPI call: a class for programs, a text
// for people. Test the class with errors.Is(err, mpi.ErrTruncate).
type Error struct {
	Class Class
	Text  string // what happened, to whom, what to do; may be empty
}

func (e *Error) Error() string {
	if e.Text == "" {
		return "MPI: " + e.Class.String()
	}
	return "MPI: " + e.Class.String() + ": " + e.Text
}

// Is makes errors.Is(err, class) work.
func (e *Error) Is(target error) bool {
	c, ok := target.(Class)
	return ok && c == e.Class
}

// Error makes a Class usable as the target of errors.Is.
func (c Class) Error() string { return "MPI: " + c.String() }

// ClassOf is the class of any error that this package returned; Success for
// nil, ErrOther for what is no MPI error.
func ClassOf(err error) Class {
	var e *Error
	var c Class
	switch {
	case err == nil:
		return Success
	case errors.As(err, &e):
		return e.Class
	case errors.As(err, &c):
		return c
	}
	return ErrOther
}

func errorf(c Class, format string, args ...any) *Error {
	return &Error{Class: c, Text: fmt.Sprintf(format, args...)}
}
