"""What a user asks for, a module a verb.

Speaks in files and Python values, not in options of the command line.
"""
