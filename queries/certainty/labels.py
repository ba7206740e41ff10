"""How the frames of a question spread over speakers, utterances, groups and phones."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from queries.certainty.question import Question
from queries.sets import Rule

if TYPE_CHECKING:
    from queries.connection import Connection
    from queries.facts import Layer

KEYS = {"speaker": ["speaker"], "utterance": ["utterance_id"], "segment": ["utterance_id", "segment"]}
"""Units of frames, and the columns that tell one from another."""


@dataclass(frozen=True)
class Labels:
    """How the frames of a question spread over utterances, groups and phones, in one model.

    Attributes:
        question: the question, of this model alone.
        groups: groups in their order: bins from below, otherwise alphabetically.
        phones: phones, alphabetically.
        by_phone: whether the phone alone decides on the group, as for phone_class.
        declared: phones of the declared inventory that each group can have, which ``reference`` divides by.
        rows: utterance_id, speaker (number), group, phone (places in the above), n_frames.
        unknown: utterances without a speaker, each of which stands for a speaker of its own.
        speakers: names by number; null for the unknown.
    """

    question: Question
    groups: tuple[str, ...]
    phones: tuple[str, ...]
    by_phone: bool
    declared: tuple[int, ...]
    rows: pl.DataFrame
    unknown: int
    speakers: pl.DataFrame

    def constant(self, unit: str) -> bool:
        """Whether each unit (speaker or utterance) has one group alone."""
        return bool(self._groups_of(unit).max() == 1) if len(self.rows) else False

    def one_each(self, unit: str) -> bool:
        """Whether the units of a constant property and its groups are the same."""
        return len(self._groups_of(unit)) == self.rows["group"].n_unique()

    def _groups_of(self, unit: str) -> pl.Series:
        return self.rows.group_by(KEYS[unit]).agg(pl.col("group").n_unique())["group"]


def label(con: "Connection", question: Question) -> Labels:
    """How the frames of a question, of one model, spread over utterances, groups and phones."""
    found = con.sql(
        'SELECT utterance_id, speaker, "group", phone, CAST(count(*) AS BIGINT) AS n_frames '
        f"FROM {question.call('unit_frames')} GROUP BY ALL"
    ).pl()
    labels = con.sql("SELECT labels FROM properties WHERE property = $name", params={"name": question.name})
    bins = tuple(row[0] or () for row in labels.fetchall())
    seen = set(found["group"])
    groups = (*(bins[0] if bins and seen else ()),)
    groups = (*groups, *sorted(seen - set(groups)))
    phones = tuple(sorted(set(found["phone"])))
    of_speaker = pl.when(pl.col("speaker").is_null()).then("utterance_id")
    people = found.select("speaker", of_speaker.alias("alone")).unique().sort("speaker", "alone")
    people = people.with_row_index("number")
    rows = (
        found.with_columns(of_speaker.alias("alone"))
        .join(people, on=["speaker", "alone"], nulls_equal=True)
        .select(
            "utterance_id",
            pl.col("number").cast(pl.Int64).alias("speaker"),
            places("group", groups),
            places("phone", phones),
            "n_frames",
        )
    )
    by_phone, declared = _inventory(con, question, groups)
    return Labels(question, groups, phones, by_phone, declared, rows, people["alone"].count(), people)


def rule_of(labels: Labels, layer: "Layer") -> Rule:
    """The rule that a question asks for, in one layer."""
    question = labels.question
    declared = labels.declared if question.reading == "reference" else None
    return Rule(question.baseline(layer), question.z, question.sigma, question.min_frames, declared)


def places(column: str, names: tuple[str, ...]) -> pl.Expr:
    """The place of each row's name among some names."""
    return pl.col(column).replace_strict(list(names), list(range(len(names))), return_dtype=pl.Int64)


def _inventory(con: "Connection", question: Question, groups: tuple[str, ...]) -> tuple[bool, tuple[int, ...]]:
    """Whether the phone decides on the group, and how many declared phones each group can have."""
    rows = con.sql(
        'SELECT phone, "group" FROM property_phones WHERE property = $property '
        "AND list_contains(recorded_corpora($model), corpus) AND ($corpus IS NULL OR corpus = $corpus) GROUP BY ALL",
        params={
            "property": question.name,
            "model": question.parameters["p_model"],
            "corpus": question.parameters.get("p_corpus"),
        },
    ).fetchall()
    return any(group is not None for _, group in rows), tuple(
        len({phone for phone, group in rows if group in (None, name)}) for name in groups
    )
