"""What the program can do, as functions that take values and return values: one for each verb.

Every adapter (the command line, a web page, the Python API) calls these; none of them parses words, prints or ends a process.
"""
