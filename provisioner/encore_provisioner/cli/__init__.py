"""The command line: parse arguments, call the stages, hand their values to a renderer.

The only package that prints, asks and knows exit codes. A stage never learns who called it.
``main`` is imported at every start and imports nothing slow; a command's module is imported
when that command runs.
"""
