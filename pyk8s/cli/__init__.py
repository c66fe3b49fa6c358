"""The `pyk8s` command: what people type, and what they are told.

Enters: command lines. Leaves: text on standard output, one line beginning with "error:" on standard error, an exit code
(0 done, 1 failed, 2 called wrongly, 130 interrupted). Must not know how anything is done: verbs call `client` and
`cluster`.
"""
