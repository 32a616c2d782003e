package ctest

// How each parameter of the built functions is given: rightly, and wrongly. The tests in
// arguments_test.go make calls of it.

// A wrong is a bad argument, the error class it must give, and words that the message must have: ""
// for the parameter's name and the value, which the call in the message shows.
type wrong struct{ value, class, words string }

// A rule is for parameters whose type, name and function match its regular expressions, which match
// whole words; "" matches all. The first rule that matches counts.
type rule struct {
	types, names, functions string
	valid                   string // Z is memory of the argument's own, full of zeros
	wrongs                  []wrong
}

var (
	noComm = []wrong{{"MPI_COMM_NULL", "MPI_ERR_COMM", ""}, {"freed_comm", "MPI_ERR_COMM", ""}, {"(MPI_Comm)MPI_INT", "MPI_ERR_COMM", ""}}
	noType = []wrong{{"MPI_DATATYPE_NULL", "MPI_ERR_TYPE", ""}, {"freed_type", "MPI_ERR_TYPE", ""}, {"(MPI_Datatype)MPI_COMM_SELF", "MPI_ERR_TYPE", ""}}
	noOp   = []wrong{{"MPI_OP_NULL", "MPI_ERR_OP", ""}, {"freed_op", "MPI_ERR_OP", ""}, {"(MPI_Op)MPI_INT", "MPI_ERR_OP", ""}}

	noGroup = []wrong{{"MPI_GROUP_NULL", "MPI_ERR_GROUP", ""}, {"freed_group", "MPI_ERR_GROUP", ""}, {"(MPI_Group)MPI_INT", "MPI_ERR_GROUP", ""}}
	noInfo  = []wrong{{"freed_info", "MPI_ERR_INFO", ""}, {"(MPI_Info)MPI_INT", "MPI_ERR_INFO", ""}}
	nullRef = wrong{"NULL", "MPI_ERR_ARG", ""}

	noRequest = []wrong{nullRef, {"H(MPI_REQUEST_NULL)", "MPI_ERR_REQUEST", "MPI_REQUEST_NULL"},
		{"H(freed_request)", "MPI_ERR_REQUEST", "shows_value(freed_request)"}, {"H(MPI_INT)", "MPI_ERR_REQUEST", "MPI_INT"}}
	noMessage = []wrong{nullRef, {"H(MPI_MESSAGE_NULL)", "MPI_ERR_REQUEST", "MPI_MESSAGE_NULL"},
		{"H(freed_request)", "MPI_ERR_REQUEST", "shows_value(freed_request)"}}

	noWin = []wrong{{"MPI_WIN_NULL", "MPI_ERR_WIN", ""}, {"freed_win", "MPI_ERR_WIN", ""}, {"(MPI_Win)MPI_INT", "MPI_ERR_WIN", ""}}

	noFile = []wrong{{"MPI_FILE_NULL", "MPI_ERR_FILE", ""}, {"freed_file", "MPI_ERR_FILE", ""}, {"(MPI_File)MPI_INT", "MPI_ERR_FILE", ""}}

	withCart  = wrong{"MPI_COMM_WORLD", "MPI_ERR_TOPOLOGY", ""}
	withInter = wrong{"inter", "MPI_ERR_COMM", ""}
)

// communicates matches the functions that move data of a datatype, which must be committed (MPI 5.0, 5.1.9).
const (
	persistents  = `Send_init|[BSR]send_init|Recv_init|P(send|recv)_init`
	transfers    = `[BSR]?send|I[bsr]?send|Recv|Irecv|I?mrecv|I?sendrecv(_replace)?|Sendrecv(_replace)?|Mrecv|Imrecv|` + persistents
	reductions   = `(Ire|Re)duce(_init)?|(Iall|All)reduce(_init)?|(Ire|Re)duce_scatter(_block)?(_init)?|(Is|S)can(_init)?|(Iex|Ex)scan(_init)?`
	movements    = `(Ib|B)cast(_init)?|(Ig|G|Is|S)(ather|catter)v?(_init)?|(Iall|All)(gatherv?|toall[vw]?)(_init)?`
	neighbors    = `(Ine|Ne)ighbor_.*`
	accumulates  = `R?(get_)?accumulate|(Get_a|A)ccumulate|Fetch_and_op`
	fileAccesses = `File_i?(read|write).*|File_set_view`
	accesses     = accumulates + `|R?(put|get)|Put|Get|Compare_and_swap`
	communicates = transfers + "|" + reductions + "|" + movements + "|" + neighbors + "|Send|Pack|Unpack|" + accesses + "|" + fileAccesses
	completions  = `(Wait|Test)(all|any|some)|Startall|Request_get_status_(all|any|some)`
)

var rules = []rule{
	// Communicators.
	{"MPI_Comm", "local_comm", "", "MPI_COMM_SELF", append([]wrong{withInter}, noComm...)}, // its leader tells the others of errors
	{"MPI_Comm", "peer_comm", "", "MPI_COMM_WORLD", noComm},
	{"MPI_Comm", "", neighbors, "cart", append([]wrong{withCart}, noComm...)},
	{"MPI_Comm", "", "Cart_(coords|get|rank|shift|sub)|Cartdim_get", "cart", append([]wrong{withCart, {"graph", "MPI_ERR_TOPOLOGY", ""}}, noComm...)},
	{"MPI_Comm", "", "Graph_(get|neighbors|neighbors_count)|Graphdims_get", "graph", append([]wrong{withCart, {"cart", "MPI_ERR_TOPOLOGY", ""}}, noComm...)},
	{"MPI_Comm", "", "Dist_graph_neighbors(_count)?", "dist", append([]wrong{withCart}, noComm...)},
	{"MPI_Comm", "", "Intercomm_merge|Comm_remote_(size|group)", "inter", append([]wrong{{"MPI_COMM_WORLD", "MPI_ERR_COMM", ""}}, noComm...)},
	{"MPI_Comm", "", `File_open|(Cart|Graph)_(create|map)|Dist_graph_create.*|(Is|S)can(_init)?|(Iex|Ex)scan(_init)?`, "MPI_COMM_WORLD", append([]wrong{withInter}, noComm...)},
	{"MPI_Comm", "", "Comm_(spawn(_multiple)?|accept|connect)", "MPI_COMM_SELF", append([]wrong{withInter}, noComm...)},
	{"MPI_Comm", "", "", "MPI_COMM_WORLD", noComm},
	{`MPI_Comm \*`, "comm", "Comm_(free|disconnect)", "H(comm)", []wrong{nullRef,
		{"H(MPI_COMM_NULL)", "MPI_ERR_COMM", "MPI_COMM_NULL"}, {"H(MPI_COMM_WORLD)", "MPI_ERR_COMM", "MPI_COMM_WORLD"},
		{"H(MPI_COMM_SELF)", "MPI_ERR_COMM", "MPI_COMM_SELF"}, {"H(freed_comm)", "MPI_ERR_COMM", "shows_value(freed_comm)"}}},

	// Windows.
	{"MPI_Win", "", "Win_(attach|detach)", "dynamic", append([]wrong{{"win", "MPI_ERR_RMA_FLAVOR", ""}}, noWin...)},
	{"MPI_Win", "", "", "win", noWin},
	{`MPI_Win \*`, "win", "Win_free", "H(win)", []wrong{nullRef, {"H(MPI_WIN_NULL)", "MPI_ERR_WIN", "MPI_WIN_NULL"}, {"H(freed_win)", "MPI_ERR_WIN", "shows_value(freed_win)"}}},
	{"MPI_Errhandler", "", "Win_.*", "win_handler", []wrong{{"MPI_ERRHANDLER_NULL", "MPI_ERR_ERRHANDLER", ""}, {"freed_handler", "MPI_ERR_ERRHANDLER", ""}, {"file_handler", "MPI_ERR_ERRHANDLER", ""}}},
	{"int", "win_keyval", "Win_(set|delete)_attr", "win_key", []wrong{{"MPI_KEYVAL_INVALID", "MPI_ERR_KEYVAL", ""}, {"comm_key", "MPI_ERR_KEYVAL", ""}, {"MPI_WIN_SIZE", "MPI_ERR_KEYVAL", ""}}},
	{"int", "win_keyval", "", "win_key", []wrong{{"MPI_KEYVAL_INVALID", "MPI_ERR_KEYVAL", ""}, {"comm_key", "MPI_ERR_KEYVAL", ""}}},
	{"int|MPI_Aint", "disp_unit", "", "1", []wrong{{"0", "MPI_ERR_DISP", ""}, {"-1", "MPI_ERR_DISP", ""}}},
	{"MPI_Aint", "size", "Win_.*", "64", []wrong{{"-1", "MPI_ERR_SIZE", ""}}},
	{"MPI_Aint", "target_disp", "", "0", []wrong{{"-1", "MPI_ERR_RMA_RANGE", ""}, {"9999", "MPI_ERR_RMA_RANGE", ""}}},
	{"int", "lock_type", "", "MPI_LOCK_SHARED", []wrong{{"0", "MPI_ERR_LOCKTYPE", ""}}},
	{"int", "assert", "", "0", []wrong{{"1", "MPI_ERR_ASSERT", ""}}},
	{"MPI_Op", "", accumulates, "MPI_SUM", append([]wrong{{"sum", "MPI_ERR_OP", ""}, {"MPI_MAXLOC", "MPI_ERR_OP", ""}}, noOp...)},

	// Datatypes.
	{"MPI_Datatype", "", communicates, "MPI_INT", append([]wrong{{"raw", "MPI_ERR_TYPE", ""}}, noType...)},
	{"MPI_Datatype", "", "Type_get_name", "MPI_INT", noType[1:]}, // MPI_DATATYPE_NULL has a name
	{"MPI_Datatype", "", "Type_get_contents", "vector", append([]wrong{{"MPI_INT", "MPI_ERR_TYPE", ""}}, noType...)},
	{"MPI_Datatype", "", "", "MPI_INT", noType},
	{`MPI_Datatype \*`, "datatype", "Type_(commit|free)", "H(vector)", []wrong{nullRef,
		{"H(MPI_DATATYPE_NULL)", "MPI_ERR_TYPE", "MPI_DATATYPE_NULL"}, {"H(freed_type)", "MPI_ERR_TYPE", "shows_value(freed_type)"}}},
	{`const MPI_Datatype\[\]`, "", "", "types", []wrong{nullRef, {"bad_types", "MPI_ERR_TYPE", "MPI_DATATYPE_NULL"}}},

	// Operations.
	{"MPI_Op", "", reductions + "|Reduce_local", "MPI_SUM", append([]wrong{{"MPI_MAXLOC", "MPI_ERR_OP", ""}}, noOp...)},
	{"MPI_Op", "", "", "MPI_SUM", noOp},
	{`MPI_Op \*`, "", "Op_free", "H(sum)", []wrong{nullRef, {"H(MPI_OP_NULL)", "MPI_ERR_OP", "MPI_OP_NULL"},
		{"H(MPI_SUM)", "MPI_ERR_OP", "MPI_SUM"}, {"H(freed_op)", "MPI_ERR_OP", "shows_value(freed_op)"}}},

	// Requests, messages and statuses.
	{"MPI_Request", "", "Grequest_complete", "Z", []wrong{{"MPI_REQUEST_NULL", "MPI_ERR_REQUEST", ""},
		{"freed_request", "MPI_ERR_REQUEST", ""}, {"inactive", "MPI_ERR_REQUEST", ""}}},
	{"MPI_Request", "", "Parrived", "inactive", []wrong{{"freed_request", "MPI_ERR_REQUEST", ""}, {"inactive", "MPI_ERR_REQUEST", ""}}},
	{"MPI_Request", "", "P.*", "inactive", []wrong{{"MPI_REQUEST_NULL", "MPI_ERR_REQUEST", ""}, {"freed_request", "MPI_ERR_REQUEST", ""}, {"inactive", "MPI_ERR_REQUEST", ""}}},
	{"MPI_Request", "", "", "MPI_REQUEST_NULL", []wrong{{"freed_request", "MPI_ERR_REQUEST", ""}, {"(MPI_Request)MPI_INT", "MPI_ERR_REQUEST", ""}}},
	{`MPI_Request \*`, "", "Wait|Test", "H(MPI_REQUEST_NULL)", append([]wrong{nullRef}, noRequest[2:]...)},
	{`MPI_Request \*`, "", "Start|Cancel|Request_free", "H(inactive)", noRequest},
	{`(const )?MPI_Request\[\]`, "", "Startall", "H(inactive)", noRequest},
	{`(const )?MPI_Request\[\]`, "", "", "H(MPI_REQUEST_NULL)", append([]wrong{nullRef}, noRequest[2:]...)},
	{`MPI_Message \*`, "", "I?mrecv|Mrecv|Imrecv", "H(MPI_MESSAGE_NO_PROC)", noMessage},
	{`MPI_Status \*`, "", "Status_set_.*", "Z", []wrong{nullRef}},
	{`MPI_Status \*`, "", "", "Z", nil}, // null is MPI_STATUS_IGNORE
	{`const MPI_Status \*`, "", "", "Z", []wrong{nullRef}},

	// Sessions.
	{"MPI_Session", "", "", "session", []wrong{{"MPI_SESSION_NULL", "MPI_ERR_SESSION", ""}, {"freed_session", "MPI_ERR_SESSION", ""}, {"(MPI_Session)MPI_INT", "MPI_ERR_SESSION", ""}}},
	{`MPI_Session \*`, "", "Session_finalize", "H(session)", []wrong{nullRef, {"H(MPI_SESSION_NULL)", "MPI_ERR_SESSION", "MPI_SESSION_NULL"}, {"H(freed_session)", "MPI_ERR_SESSION", "shows_value(freed_session)"}}},
	{"MPI_Errhandler", "", "Session_.*", "session_handler", []wrong{{"MPI_ERRHANDLER_NULL", "MPI_ERR_ERRHANDLER", ""}, {"freed_handler", "MPI_ERR_ERRHANDLER", ""}, {"file_handler", "MPI_ERR_ERRHANDLER", ""}}},
	{"MPI_Errhandler", "", ".*_from_groups?", "handler", []wrong{{"MPI_ERRHANDLER_NULL", "MPI_ERR_ERRHANDLER", ""}, {"freed_handler", "MPI_ERR_ERRHANDLER", ""}, {"file_handler", "MPI_ERR_ERRHANDLER", ""}}},
	{"int", "n", "Session_get_nth_pset", "0", []wrong{{"-1", "MPI_ERR_ARG", ""}, {"99", "MPI_ERR_ARG", ""}}},
	{`char \*`, "pset_name", "", "Z", nil}, // null is right where only the length is wanted

	// Groups, info objects, error handlers, keys and codes.
	{"MPI_Group", "", "", "group", noGroup},
	{`MPI_Group \*`, "group", "Group_free", "H(group)", []wrong{nullRef, {"H(MPI_GROUP_NULL)", "MPI_ERR_GROUP", "MPI_GROUP_NULL"}, {"H(freed_group)", "MPI_ERR_GROUP", "shows_value(freed_group)"}}},
	{"MPI_Info", "", "Info_.*|Abi_set_fortran_info", "info", append([]wrong{{"MPI_INFO_NULL", "MPI_ERR_INFO", ""}}, noInfo...)},
	{"MPI_Info", "", "", "MPI_INFO_NULL", noInfo},
	{`MPI_Info \*`, "info", "Info_free", "H(info)", []wrong{nullRef, {"H(MPI_INFO_NULL)", "MPI_ERR_INFO", "MPI_INFO_NULL"}, {"H(freed_info)", "MPI_ERR_INFO", "shows_value(freed_info)"}}},
	{"MPI_Errhandler", "", "File_set_errhandler", "file_handler", []wrong{{"MPI_ERRHANDLER_NULL", "MPI_ERR_ERRHANDLER", ""}, {"freed_handler", "MPI_ERR_ERRHANDLER", ""}, {"handler", "MPI_ERR_ERRHANDLER", ""}}},
	{"MPI_Errhandler", "", "", "MPI_ERRORS_RETURN", []wrong{{"MPI_ERRHANDLER_NULL", "MPI_ERR_ERRHANDLER", ""}, {"freed_handler", "MPI_ERR_ERRHANDLER", ""}, {"file_handler", "MPI_ERR_ERRHANDLER", ""}}},
	{`MPI_Errhandler \*`, "", "Errhandler_free", "H(handler)", []wrong{nullRef, {"H(MPI_ERRHANDLER_NULL)", "MPI_ERR_ERRHANDLER", "MPI_ERRHANDLER_NULL"}, {"H(freed_handler)", "MPI_ERR_ERRHANDLER", "shows_value(freed_handler)"}}},

	// Files.
	{"MPI_File", "", "File_(get|set|call)_errhandler", "file", noFile[1:]}, // MPI_FILE_NULL has a handler
	{"MPI_File", "", "File_.*_end", "file", noFile},
	{"MPI_File", "", "File_(write|iwrite|set_size|preallocate).*", "file", append([]wrong{{"reading", "MPI_ERR_READ_ONLY", ""}}, noFile...)},
	{"MPI_File", "", "File_i?read.*", "file", append([]wrong{{"writing", "MPI_ERR_ACCESS", ""}}, noFile...)},
	{"MPI_File", "", "", "file", noFile},
	{`MPI_File \*`, "fh", "File_close", "H(file)", []wrong{nullRef, {"H(MPI_FILE_NULL)", "MPI_ERR_FILE", "MPI_FILE_NULL"}, {"H(freed_file)", "MPI_ERR_FILE", "shows_value(freed_file)"}}},
	{"int", "amode", "", "MPI_MODE_RDONLY", []wrong{{"0", "MPI_ERR_AMODE", ""}, {"MPI_MODE_RDONLY | MPI_MODE_RDWR", "MPI_ERR_AMODE", ""},
		{"MPI_MODE_RDONLY | MPI_MODE_CREATE", "MPI_ERR_AMODE", ""}, {"MPI_MODE_RDWR | MPI_MODE_SEQUENTIAL", "MPI_ERR_AMODE", ""}, {"MPI_MODE_RDWR | 1024", "MPI_ERR_AMODE", ""}}},
	{"MPI_Offset", "offset|size", "", "0", []wrong{{"-1", "MPI_ERR_ARG", ""}}},
	{"MPI_Offset", "disp", "", "0", []wrong{{"-2", "MPI_ERR_DISP", ""}, {"MPI_DISPLACEMENT_CURRENT", "MPI_ERR_DISP", "disp=-1"}}},
	{"int", "whence", "", "MPI_SEEK_SET", []wrong{{"7", "MPI_ERR_ARG", ""}}},
	{"const char .*", "datarep", "File_set_view", `"native"`, []wrong{nullRef, {`"nonsense"`, "MPI_ERR_UNSUPPORTED_DATAREP", "nonsense"}}},
	{"const char .*", "datarep", "Register_datarep", `"new"`, []wrong{nullRef, {`""`, "MPI_ERR_ARG", "0 bytes"}, {`"native"`, "MPI_ERR_DUP_DATAREP", "native"}}},
	{`MPI_Datarep_conversion_function(_c)? \*`, "", "", "NULL", nil}, // null is MPI_CONVERSION_FN_NULL
	{`MPI_Datarep_extent_function \*`, "", "", "(void *)hear", []wrong{nullRef}},
	{"(const )?void .*", "buf", "File_.*_end", "Z", nil}, // nothing is done with it
	{"int", "type_keyval", "", "type_key", []wrong{{"MPI_KEYVAL_INVALID", "MPI_ERR_KEYVAL", ""}, {"comm_key", "MPI_ERR_KEYVAL", ""}}},
	{"int", "(comm_)?keyval", "Attr_delete|Comm_delete_attr|Comm_set_attr|Attr_put", "comm_key", []wrong{{"MPI_KEYVAL_INVALID", "MPI_ERR_KEYVAL", ""}, {"type_key", "MPI_ERR_KEYVAL", ""}, {"MPI_TAG_UB", "MPI_ERR_KEYVAL", ""}}},
	{"int", "(comm_)?keyval", "", "comm_key", []wrong{{"MPI_KEYVAL_INVALID", "MPI_ERR_KEYVAL", ""}, {"type_key", "MPI_ERR_KEYVAL", ""}}},
	{`int \*`, ".*keyval", "(Comm_|Type_|Win_)?(free_keyval|Keyval_free)", "H(comm_key)", []wrong{nullRef, {"Z", "MPI_ERR_KEYVAL", "0"}}},
	{"int", "errorcode|errorclass", "(Comm|File|Session|Win)_call_errhandler|Abort", "1", nil},
	{"int", "errorcode|errorclass", "", "1", []wrong{{"123456", "MPI_ERR_ARG", ""}, {"-1", "MPI_ERR_ARG", ""}}},

	// Counts, ranks and tags.
	{"int|MPI_Count", "send_?count|recv_?count|incount|outcount|count|(origin|result|target)_count", "", "1", []wrong{{"-1", "MPI_ERR_COUNT", ""}}},
	{"int|MPI_Count", "blocklength", "", "1", []wrong{{"-1", "MPI_ERR_ARG", ""}}},
	{"int", "root", "", "0", []wrong{{"-5", "MPI_ERR_ROOT", ""}, {"size", "MPI_ERR_ROOT", ""}}},
	{"int", "dest|remote_leader|target_rank", "", "0", []wrong{{"-5", "MPI_ERR_RANK", ""}, {"size", "MPI_ERR_RANK", ""}, {"MPI_ANY_SOURCE", "MPI_ERR_RANK", ""}}},
	{"int", "local_leader", "", "0", []wrong{{"-5", "MPI_ERR_RANK", ""}, {"size", "MPI_ERR_RANK", ""}}},
	{"int", "source", "Status_.*", "0", nil},
	{"int", "source|rank", "Type_create_darray", "0", []wrong{{"-5", "MPI_ERR_ARG", ""}, {"1", "MPI_ERR_ARG", ""}}},
	{"int", "source|rank", "", "0", []wrong{{"-5", "MPI_ERR_RANK", ""}, {"size", "MPI_ERR_RANK", ""}}},
	{"int", "tag", "Status_.*", "0", nil},
	{"int", "tag|recvtag", "(I|M|Im)?[pP]robe|Recv|Irecv|Recv_init|I?[sS]endrecv(_replace)?", "0", []wrong{{"-7", "MPI_ERR_TAG", ""}}},
	{"int", "tag|sendtag", "", "0", []wrong{{"-7", "MPI_ERR_TAG", ""}, {"MPI_ANY_TAG", "MPI_ERR_TAG", ""}}},
	{`const int\[\]`, "send_?counts|recv_?counts", "", "ones", []wrong{nullRef, {"minus_ints", "MPI_ERR_COUNT", "-1"}}},
	{`const MPI_Count\[\]`, "send_?counts|recv_?counts", "", "one_counts", []wrong{nullRef, {"minus_counts", "MPI_ERR_COUNT", "-1"}}},

	// Partitions.
	{"int", "partitions", "", "1", []wrong{{"-1", "MPI_ERR_ARG", ""}}},
	{"int", "partition|partition_low|partition_high", "", "0", nil}, // the request decides; partitioned_test.go
	{"int", "length", "", "1", []wrong{{"-1", "MPI_ERR_ARG", ""}}},
	{`const int\[\]`, "array_of_partitions", "", "Z", []wrong{nullRef}},

	// Processes.
	{"int", "maxprocs", "", "1", []wrong{{"-1", "MPI_ERR_ARG", ""}, {"0", "MPI_ERR_ARG", ""}}},
	{`const int\[\]`, "array_of_maxprocs", "", "ones", []wrong{nullRef, {"minus_ints", "MPI_ERR_ARG", "-1"}}},
	{`char \*\[\]`, "array_of_commands", "", "commands", []wrong{nullRef}},
	{`char \*\*\[\]`, "array_of_argv", "", "NULL", nil}, // MPI_ARGVS_NULL
	{`const MPI_Info\[\]`, "", "", "no_infos", []wrong{nullRef, {"&freed_info", "MPI_ERR_INFO", "shows_value(freed_info)"}}},
	{`int\[\]`, "array_of_errcodes", "", "Z", nil}, // null is MPI_ERRCODES_IGNORE
	{"int", "fd", "", "0", []wrong{{"-1", "MPI_ERR_ARG", ""}, {"0", "MPI_ERR_ARG", ""}}},

	// Groups of ranks, graphs and grids.
	{`const int\[\]`, "ranks1?", "", "Z", []wrong{nullRef, {"big_ranks", "MPI_ERR_RANK", "77"}}},
	{`int\[\]\[3\]`, "", "", "ranges", []wrong{nullRef, {"bad_ranges", "MPI_ERR_RANK", "77"}}},
	{`const int\[\]`, "sources|destinations", "", "Z", []wrong{nullRef, {"big_ranks", "MPI_ERR_RANK", "77"}}},
	{`const int\[\]`, "degrees", "", "ones", []wrong{nullRef, {"minus_ints", "MPI_ERR_ARG", "-1"}}},
	{`const int\[\]`, "indx", "", "one", []wrong{nullRef, {"minus_ints", "MPI_ERR_ARG", "-1"}}},
	{`const int\[\]`, "edges", "", "Z", []wrong{nullRef, {"big_ranks", "MPI_ERR_ARG", "77"}}},
	{`const int\[\]`, "dims", "", "ones", []wrong{nullRef, {"minus_ints", "MPI_ERR_DIMS", "-1"}, {"big_ranks", "MPI_ERR_DIMS", "77"}}},
	{`const int\[\]`, "coords", "Cart_rank", "Z", []wrong{nullRef}}, // the grid is periodic: every coordinate is right
	{`int\[\]`, "dims", "Dims_create", "Z", []wrong{nullRef, {"minus_ints", "MPI_ERR_DIMS", "-1"}}},
	{"int", "ndims", "", "1", []wrong{{"-1", "MPI_ERR_DIMS", ""}}},
	{"int", "nnodes", "Dims_create", "1", []wrong{{"-1", "MPI_ERR_ARG", ""}, {"0", "MPI_ERR_ARG", ""}}},
	{"int", "nnodes", "", "1", []wrong{{"-1", "MPI_ERR_ARG", ""}, {"size + 1", "MPI_ERR_ARG", ""}}},
	{"int", "direction", "", "0", []wrong{{"-1", "MPI_ERR_ARG", ""}, {"1", "MPI_ERR_ARG", ""}}},
	{"int", "n", "Info_get_nthkey", "0", []wrong{{"-1", "MPI_ERR_ARG", ""}, {"1", "MPI_ERR_ARG", ""}}},
	{"int", "n|(in|out)degree", "", "1", []wrong{{"-1", "MPI_ERR_ARG", ""}}},
	{"int", "max(dims|index|edges|neighbors|indegree|outdegree)", "", "8", []wrong{{"-1", "MPI_ERR_ARG", ""}}},
	{"int|MPI_Count", "max_(integers|addresses|datatypes|large_counts)", "", "8", []wrong{{"-1", "MPI_ERR_ARG", ""}}},

	// Sizes, choices and words.
	{"int|MPI_Count|MPI_Aint", "size", "(Comm_|Session_)?(attach_buffer|Buffer_attach)|Alloc_mem", "64", []wrong{{"-1", "MPI_ERR_ARG", ""}}},
	{"int", "logical_size", "", "4", []wrong{{"0", "MPI_ERR_ARG", ""}, {"3", "MPI_ERR_ARG", ""}}},
	{"int", "size", "Type_match_size", "4", []wrong{{"3", "MPI_ERR_ARG", ""}}},
	{"int", "size", "Type_create_darray", "1", []wrong{{"0", "MPI_ERR_ARG", ""}}},
	{"int|MPI_Count|MPI_Aint", "outsize|insize", "", "64", []wrong{{"-1", "MPI_ERR_ARG", ""}, {"2", "MPI_ERR_TRUNCATE", ""}}},
	{"int", "valuelen", "Info_get", "8", []wrong{{"-1", "MPI_ERR_ARG", ""}}},
	{"int", "typeclass", "", "MPI_TYPECLASS_INTEGER", []wrong{{"12345", "MPI_ERR_ARG", ""}}},
	{"int", "order", "", "MPI_ORDER_C", []wrong{{"12345", "MPI_ERR_ARG", ""}}},
	{"int", "p|r", "", "3", []wrong{{"9999", "MPI_ERR_ARG", ""}}},
	{"int", "color", "", "0", []wrong{{"-3", "MPI_ERR_ARG", ""}}},
	{"int", "split_type", "", "MPI_COMM_TYPE_SHARED", []wrong{{"12345", "MPI_ERR_ARG", ""}}},
	{"int", "required", "", "0", nil},
	{"const char .*", "key", "Info_(get|delete|get_string|get_valuelen|set)", `"there"`, []wrong{{"NULL", "MPI_ERR_INFO_KEY", ""}, {`""`, "MPI_ERR_INFO_KEY", "info key"}}},
	{"const char .*", "value", "", `"yes"`, []wrong{{"NULL", "MPI_ERR_INFO_VALUE", ""}}},
	{`char \*`, "value", "Info_get_string", "Z", nil}, // null is right where the length is 0
	{`char \*`, "value", "Info_get", "Z", []wrong{{"NULL", "MPI_ERR_INFO_VALUE", ""}}},
	{`const char( \*|\[\])`, "datarep", "", `"external32"`, []wrong{nullRef, {`"nonsense"`, "MPI_ERR_ARG", "nonsense"}}},
	{"const char .*", "string", "", `"text"`, []wrong{nullRef}},
	{"const char .*", "", "", `"name"`, []wrong{nullRef}},
	{`const int\[\]`, "array_of_(gsizes|sizes|subsizes|psizes|blocklengths)", "", "ones", []wrong{nullRef, {"minus_ints", "MPI_ERR_ARG", "-1"}}},
	{`const MPI_Count\[\]`, "array_of_(gsizes|sizes|subsizes|blocklengths)", "", "one_counts", []wrong{nullRef, {"minus_counts", "MPI_ERR_ARG", "-1"}}},
	{`const int\[\]`, "array_of_starts", "", "Z", []wrong{nullRef, {"minus_ints", "MPI_ERR_ARG", "-1"}}},
	{`const MPI_Count\[\]`, "array_of_starts", "", "Z", []wrong{nullRef, {"minus_counts", "MPI_ERR_ARG", "-1"}}},
	{`const int\[\]`, "array_of_distribs", "", "distribs", []wrong{nullRef, {"minus_ints", "MPI_ERR_ARG", "-1"}}},
	{`const int\[\]`, "array_of_dargs", "", "dargs", []wrong{nullRef, {"minus_ints", "MPI_ERR_ARG", "-1"}}},

	// Buffers: one int each.
	{"(const )?void .*", "buffer", "Buffer_attach", "Z", []wrong{{"NULL", "MPI_ERR_BUFFER", ""}}},
	{"(const )?void .*", "(send|recv)buf", "I?[nN]eighbor_.*w(_init)?|.*[aA]lltoallw(_init)?", "Z", nil}, // null is MPI_BOTTOM
	{"(const )?void .*", "sendbuf|recvbuf|buf|buffer|inbuf|outbuf|inoutbuf", "Unpack(_external)?", "Z", nil},
	{"(const )?void .*", "sendbuf|recvbuf|buf|buffer|inbuf|inoutbuf|(origin|result|compare)_addr", "", "Z", []wrong{{"NULL", "MPI_ERR_BUFFER", ""}}},
	{"void .*", "outbuf", "", "Z", []wrong{nullRef}},
	{"void .*", "attribute_val", "Comm_set_attr|Attr_put|Type_set_attr|Win_set_attr", "Z", nil},
	{"(const )?void .*", "extra_state|base", "", "Z", nil},
	{"const void .*", "location", "", "Z", nil},
	{`.*_function(_c)? \*`, "(comm|type|win)_(copy|delete)_attr_fn|copy_fn|delete_fn", "", "NULL", nil}, // null is MPI_X_NULL_COPY_FN
	{`MPI_User_function(_c)? \*`, "", "", "(void *)add", []wrong{nullRef}},
	{`.*_errhandler_function \*`, "", "", "(void *)hear", []wrong{nullRef}},
	{`MPI_Grequest_.*_function \*`, "", "", "NULL", nil}, // null is a function that does nothing

	// What can be no error: logicals, places for strides and displacements, the root's keys.
	{"int", "reorder|high|commute|key|disp|stride|flag|error|argc", "", "0", nil},
	{"MPI_Aint|MPI_Count", "lb|extent|stride", "", "4", nil},
	{`const int\[\]`, "periods|remain_dims|(source|dest)?weights|s?r?displs|array_of_displacements", "", "Z", []wrong{nullRef}},
	{`const MPI_(Aint|Count)\[\]`, "s?r?displs|array_of_displacements", "", "Z", []wrong{nullRef}},
	{`int\[\]`, "coords|dims|periods|sources|destinations|(source|dest)weights|indx|edges|neighbors|array_of_indices", "", "Z", nil}, // may be null where they are empty
	{`MPI_(Aint|Count)\[\]`, "array_of_(addresses|large_counts)", "", "Z", nil},                                                      // a vector has none
	{`char \*\[\]|char \*\*\*`, "", "", "NULL", nil},
	{`MPI_Aint \*|MPI_Count \*`, "position", "", "Z", []wrong{nullRef}},
	// The rest is places for results.
	{`.*(\*|\[\])`, "", "", "Z", []wrong{nullRef}},
}

// excused are the built functions without a case, and why.
var excused = map[string]string{
	"MPI_Abort":           "ends the job whatever it is given",
	"MPI_Init":            "null arguments are allowed",
	"MPI_Init_thread":     "has run already; errors.c calls it twice",
	"MPI_Finalize":        "no arguments",
	"MPI_Aint_add":        "arithmetic",
	"MPI_Aint_diff":       "arithmetic",
	"MPI_Buffer_flush":    "no arguments",
	"MPI_Free_mem":        "an address is free's business",
	"MPI_Pcontrol":        "does nothing with any level",
	"MPI_Info_create_env": "everything is allowed but a null result, after a null argv",
	"MPI_Wtick":           "no arguments",
	"MPI_Wtime":           "no arguments",
}
