"""The study of probes on real speech ([B]): what layers and neurons know of gender, speaker and age.

    python -m benchmarks.probing --speech ../shared/data/speechocean762 --work runs

It takes the models of ``benchmarks.replication`` from the same folder, or trains them there, records HuBERT base with
seeded random weights beside them, and writes ``docs/probing/README.md``. What is there already is not made again.
"""
