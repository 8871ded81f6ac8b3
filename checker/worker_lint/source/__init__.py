"""
From bytes on disk to the worker IR: find files, decode them, read them, lower them.

Nothing here knows other files of the project, library models or rules.
"""
