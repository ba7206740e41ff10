"""The questions behind the card, as SQL that can be taken away."""

from collections.abc import Sequence
from typing import Any

from queries.neuron_card import (
    Neuron,
    alike_sql,
    memberships_sql,
    responses_sql,
    segments_sql,
    standing_sql,
)
from tui.app.asked import Asked
from tui.app.screen import Listed
from warehouse.properties import quote


def given(asked: Asked) -> dict[str, Any]:
    """The parameters that were chosen, to be handed on."""
    return dict(asked.parameters)


def sql_of(neuron: Neuron, asked: Asked, layers: Sequence[int], panel: str, table: str | None) -> str:
    """The question behind a table of the card.

    Args:
        neuron: whose card it is.
        asked: the property and the parameters.
        layers: of the model.
        panel: the panel that is looked at.
        table: of the panel's tables the one with the focus, by its id.
    """
    prop, parameters = asked.property or "", given(asked)
    if panel == "sets":
        return memberships_sql(neuron, **parameters)
    if panel == "segments":
        return segments_sql(neuron, **parameters)
    if panel == "peers" and table == "alike":
        return alike_sql(neuron, prop, layers, **parameters)
    if panel == "peers":
        return standing_sql(neuron, prop, **parameters)
    return responses_sql(neuron, prop, **parameters)


def listed_of(neuron: Neuron, asked: Asked, layers: Sequence[int], table: str | None) -> Listed:
    """The neurons that are like it, where their table has the focus; otherwise the neuron itself."""
    if table == "alike":
        sql = f"SELECT layer, neuron FROM ({sql_of(neuron, asked, layers, 'peers', table)})"
        return Listed(sql, f"like {neuron}", neuron.model)
    sql = f"SELECT {quote(neuron.model)} AS model, {neuron.layer} AS layer, {neuron.number} AS neuron"
    return Listed(sql, f"neuron {neuron}", neuron.model)
