"""Control flow of one function: its graph with exception edges, dataflow over it, and summaries of functions."""
