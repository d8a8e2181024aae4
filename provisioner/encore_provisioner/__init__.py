"""From an app's source to its infrastructure: analysis, graph, plan, bindings, command line.

ARCHITECTURE.md tells the whole flow; each package's docstring says what it may not do.
"""
