"""The benchmarks of docs/performance.md, each beside its limit in the same run."""
