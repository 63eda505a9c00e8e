"""The benchmarks that make promises."""
