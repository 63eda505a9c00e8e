"""Stories of the club told on real processes, from the desk to the gate, on a clock that is moved."""
