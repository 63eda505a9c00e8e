"""The streams at work: classes of members, care, complaints, faults, risks and voices, in the books."""
