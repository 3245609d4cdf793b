"""A kept list of faults that the tests must notice: `bin/mutants` puts each into a copy of the program and runs the tests meant for it."""
