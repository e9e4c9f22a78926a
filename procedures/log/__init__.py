"""The public log: an append-only Merkle tree of everything that was signed, published or taken away.

A page's events (`procedures.reading.statements`) are the clinic's own record of every step, drafts
included, and nobody outside sees them. The log is above them: what concerns the public is written
into it from the sealed event in the same transaction, and each entry names the hash of that event,
so a root of the tree fixes the whole chain of events up to it. Formats: C2SP signed-note,
tlog-checkpoint, tlog-tiles, tlog-proof and tlog-cosignature; the tree is that of RFC 6962.
"""
