"""What every provider does to a PostgreSQL: migrations, and text that is safe to send.

In: an open session (a :class:`~encore_provisioner.postgres.door.Session`, which each provider has
from its own driver), files, what the tables say. Out: what is to run, and running it.

``door``, ``sqltext``, ``verifier``, ``judging`` and ``running`` use the standard library and
nothing else: they run inside AWS too, in a function that has no other package of ours.
``migrations`` is the half that knows the app: its files, its graph, diagnostics.
"""
