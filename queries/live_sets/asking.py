"""What is shown of a question, as SQL that gives the same rows."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from queries.calls import call_part
from queries.live_sets.question import Question
from queries.sql_files import SqlFile, parse
from warehouse.properties import quote, sql_list

MOST_COLUMNS = 8
"""Groups that have a column of their own in a list of neurons."""


def list_sql(question: Question, layer: int, groups: Sequence[str], group: str | None = None) -> str:
    """The group neurons of a layer with their means, as they are listed.

    Args:
        question: what is asked.
        layer: number of the layer.
        groups: groups of the property, in the order of the list.
        group: the one whose neurons are listed; None = all.
    """
    macros = ("group_neurons", "group_candidates", "activation_probabilities")
    columns = [
        f'coalesce(max(m.mean_p) FILTER (m."group" = {quote(name)}), 0) AS {_identifier(f"p {name}")}'
        for name in groups
        if len(groups) <= MOST_COLUMNS
    ]
    given = {"p_model": question.model, "p_property": question.name, "p_layer": layer, **question.parameters}
    return _file("group_neuron_list").with_places(
        {
            **{name: question.call(name, p_layer=layer) for name in macros},
            "counted_groups": call_part("counted_groups", given),
            "layer": str(layer),
            "columns": "".join(f",\n    {column}" for column in columns),
            "condition": "" if group is None else f'\nWHERE o."group" = {quote(group)}',
            "order": f'list_position({sql_list(groups)}, o."group")' if groups else 'o."group"',
        }
    )


def neurons_sql(question: Question, layer: int | None, group: str | None = None) -> str:
    """The group neurons of one layer or of all, and of one group or of all: columns layer, neuron."""
    of_layer = {} if layer is None else {"p_layer": layer}
    condition = "" if group is None else f'\nWHERE "group" = {quote(group)}'
    return f"SELECT layer, neuron\nFROM {question.call('group_neurons', **of_layer)}{condition}\nORDER BY layer, neuron"


def profile_sql(question: Question) -> str:
    """How many neurons each layer has for each group."""
    asked = question.call("layer_profiles")
    return f'SELECT layer, "group", n_neurons, n_candidates, n_group_neurons\nFROM {asked}\nORDER BY layer, "group"'


def overlap_sql(question: Question, layer: int) -> str:
    """What the property shares with the others in a layer, with the shares and the Jaccard index."""
    own = quote(question.name)
    sides = f"CASE WHEN property_a = {own} THEN {{}} ELSE {{}} END"
    n_own, n_other = sides.format("n_a", "n_b"), sides.format("n_b", "n_a")
    return (
        f"SELECT\n    layer,\n    {sides.format('property_b', 'property_a')} AS other,\n"
        f"    {n_other} AS n_other,\n    n_both,\n"
        f"    n_both / nullif({n_own}, 0) AS of_own,\n    n_both / nullif({n_other}, 0) AS of_other,\n"
        "    n_both / nullif(n_a + n_b - n_both, 0) AS jaccard\n"
        f"FROM {question.call('property_overlap', p_layer=layer)}\nORDER BY other"
    )


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@cache
def _file(name: str) -> SqlFile:
    path = files("queries").joinpath("live_sets", "sql", f"{name}.sql")
    return parse(name, "live_sets", path.read_text(encoding="utf-8"))
