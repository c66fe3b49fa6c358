"""The logs of containers, as the runtime writes them: `format` (pure), `read`, `follow`, `rotate`, `last_words`.

Source: the CRI logging format: "TIME STREAM TAG TEXT", TAG being F for a full line and P for a part of one.
"""
