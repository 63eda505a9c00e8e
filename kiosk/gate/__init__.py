"""The access points of one box: read, decide, record, act."""
