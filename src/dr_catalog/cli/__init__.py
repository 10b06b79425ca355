"""The command line: one file a command; each builds one plain object and calls it.

`main` knows the commands' names and imports a command's module only when it is asked for; a command
imports the library only when it runs. Data goes to stdout, all else to stderr.
"""
