"""What the Makefile calls to set a machine up; only the standard library is needed."""
