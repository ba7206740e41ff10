"""What F1 says on the SQL screen."""

HELP = """
# SQL

Write one statement or many, parted by semicolons. **ctrl+j** (or ctrl+enter, where the terminal knows it) asks the one
that the cursor is in, or the text that is selected. A query is one SELECT, FROM, DESCRIBE, SHOW or SUMMARIZE, or
EXPLAIN of one: nothing that is written here can change the warehouse.

Every answer of the warehouse is a view and a macro of one name: `FROM group_neurons` takes the defaults,
`FROM group_neurons(p_property := 'gender', p_layer := 1)` does not. `docs/sql.md` lists them, and so does completion.

**Results** stand beside each other, six at most. Rows are read a page at a time while you move down; *more follow* says
that there are further ones. Very long results are shown up to some thousands of rows, and say so: **ctrl+s** asks the
query again and writes **all** of its rows as CSV, Parquet or JSON.

A result with the columns `layer` and `neuron` opens the neuron of a row with *enter*, and can be added to a named set
with *b*.

## Keys in the editor

| key | what it does |
|---|---|
| ctrl+j, ctrl+enter | ask the statement under the cursor |
| ctrl+space | what can stand here: tables, columns, macros, their parameters, names in quotes |
| tab, enter | take the marked offer (while the list is open); escape closes it |
| escape | stop what runs, take a message away, or go to the rows |
| ctrl+r | what was asked earlier, found by words |
| ctrl+s | export the whole result |
| ctrl+z, ctrl+y | undo, redo |

## Keys in the rows

| key | what it does |
|---|---|
| [ and ] | the result before, the next one |
| x | close this result |
| i | back to the editor |
| y | copy the row |
| enter | the card of the row's neuron |
"""
