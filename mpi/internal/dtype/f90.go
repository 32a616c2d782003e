package dtype

// F90 returns the unnamed predefined type that MPI_Type_create_f90_real, _complex or _integer
// gives for its arguments (MPI 5.0 §19.1.9): b, with contents that say how it was asked for.
func F90(b Basic, c Combiner, args ...int64) *Type {
	t := *b.Type()
	t.named = None
	t.contents = contentsOf(c, args, nil)
	return &t
}
