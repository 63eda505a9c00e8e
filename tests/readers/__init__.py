"""Readers on real parts: pcscd with virtual cards, nfcpy's own drivers, terminals and pipes."""
