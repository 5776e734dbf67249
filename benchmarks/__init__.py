"""Benchmarks: each figure in one run beside its ceiling, which is a raw loop on the same drivers, with the same durability and batch.

make bench               every benchmark; writes benchmarks/RESULTS.md and its plot
make bench QUICK=1       fewer and smaller rounds, within three minutes; writes nothing into the repository
python -m benchmarks --only relay,projector
"""
