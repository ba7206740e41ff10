"""The studies of *Property Neurons* [A] on real speech: one command a study, seeded and resumable.

    python -m benchmarks.replication STUDY --speech ../shared/data/speechocean762 --work runs

STUDY is ``pretrain``, ``table_1``, ``figure_6``, ``figure_9``, ``one_speaker``, ``compare`` or ``all``. What it finds
is written to ``docs/replication/STUDY.{md,json,png}``.
"""
