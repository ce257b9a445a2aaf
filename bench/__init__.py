"""How fast, how large, and against what: `make bench` measures and writes docs/performance.md."""
