"""A stand-in CAVE: answers the official caveclient as the services do, from data whose truth is known.

`python -m tests.cave_server --port 0 --small` prints its address; in tests, `fixtures.cave_server(...)`.
It serves two datastacks: `demo_column_stack`, always synthetic, under table names that nobody knows beforehand, and
`minnie65_public` under the table names of MICrONS (real data where their folder is given, else synthetic as well).
"""
