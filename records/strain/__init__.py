"""What it stands: damaged files, every container, being killed.

Each test must end in a good output or one clear line.
"""
