"""Where one file uses resources, and what each use does (contract A7 and C).

In: a module and the index. Out: uses as facts. Which service they belong to is joined later.
"""
