"""How answers look: tables, JSON, YAML, names, JSONPath and custom columns, as kubectl prints them.

Objects or server-made tables come in, text goes out; nothing here asks a server or knows a verb.
"""
