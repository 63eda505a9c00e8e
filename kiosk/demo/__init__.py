"""A whole club on one machine: embedded broker, sample members, every process."""
