"""Virtual machines for tests: a Debian kernel with every module, where the machine's own lacks them.

In: Debian packages, this checkout (as a wheel and its locked dependencies), a command or pytest's arguments.
Out: what the command printed and its exit code; a table of tests passed and failed.

Everything is QEMU under software emulation by default, which runs anywhere. A machine leaves no file behind and dies
with the process that started it: its disk is a snapshot without a name, its console and its channel are descriptors.

`recipe`, `qemu`, `frames`, `initrd` and `share` are values and functions of values; `image`, `carried`, `machine` and
`accelerator` are the hands. The room knows nothing of pyk8s: it carries a tree in and runs programs there.
"""
