"""`python -m pyk8s`: the same as the `pyk8s` command."""

from pyk8s.cli.main import main

main()
