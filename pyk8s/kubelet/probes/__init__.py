"""Asking containers how they are: `plan` counts answers (pure), `check` asks, `prober` asks again and again."""
