"""One module for each command: ``configure(parser)`` and ``run(args, session) -> exit code``.

A command parses, calls the stages and hands a value to a renderer; it decides nothing else.
"""
