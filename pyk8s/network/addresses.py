"""Where an attachment's addresses come from: host-local's folder, kept here, or another IPAM plugin, or nowhere."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from pyk8s.network.calls import Call
from pyk8s.network.conf import NetConf
from pyk8s.network.errors import AddressRefused, CniError, Code, RangeFull
from pyk8s.network.interface import Programs
from pyk8s.network.ipam import delegate
from pyk8s.network.ipam.conf import HOST_LOCAL
from pyk8s.network.ipam.resolv import read_resolv_conf
from pyk8s.network.ipam.store import Store
from pyk8s.network.results import Dns, Ip, Result

Owner = tuple[str, str]


def take(call: Call, conf: NetConf, programs: Programs) -> Result:
    """Addresses for the attachment. Raises CniError: 11 for ranges that are full, as addresses come back with DELs."""
    if conf.ipam.delegated:
        return delegate.ask("ADD", call, conf, programs) or Result()
    if conf.ipam.type != HOST_LOCAL:
        return Result()
    dns = _read_dns(conf.ipam.resolv_conf)
    try:
        given = _store(conf).reserve(call.owner, conf.ipam.sets, conf.ipam.asked)
    except RangeFull as why:
        raise CniError(Code.TRY_AGAIN, "the range of addresses is full", str(why)) from why
    except AddressRefused as why:
        raise CniError(Code.INTERNAL, "an address cannot be given", str(why)) from why
    ips = tuple(Ip(f"{address}/{pool.subnet.prefixlen}", None, str(pool.gateway)) for address, pool in given)
    return Result(ips=ips, routes=conf.ipam.routes, dns=dns)


def give_back(call: Call, conf: NetConf, programs: Programs) -> None:
    """Let go of them; none there is no error."""
    if conf.ipam.delegated:
        delegate.ask("DEL", call, conf, programs)
    elif conf.ipam.type == HOST_LOCAL:
        _store(conf).release(call.owner)


def look_after(call: Call, conf: NetConf, programs: Programs) -> set[str] | None:
    """The addresses that are held for the attachment, or None where only another plugin knows, which has been asked."""
    if conf.ipam.delegated:
        delegate.ask("CHECK", call, conf, programs)
    if conf.ipam.type != HOST_LOCAL:
        return None
    return {
        str(address) for address, owner in _store(conf).held().items() if owner in (call.owner, (call.container, ""))
    }


def owners(conf: NetConf) -> set[Owner]:
    """Every attachment that holds addresses here."""
    return set(_store(conf).held().values()) if conf.ipam.type == HOST_LOCAL else set()


def collect(call: Call, conf: NetConf, valid: Collection[Owner], programs: Programs) -> None:
    """Let go of the addresses of all but the `valid` attachments."""
    if conf.ipam.delegated:
        delegate.ask("GC", call, conf, programs)
    elif conf.ipam.type == HOST_LOCAL:
        _store(conf).keep(valid)


def check_ready(call: Call, conf: NetConf, programs: Programs) -> None:
    """Raise CniError 50 when no address could be given whatever comes."""
    if conf.ipam.delegated:
        delegate.ask("STATUS", call, conf, programs)
    elif conf.ipam.type == HOST_LOCAL:
        folder = Path(conf.ipam.data_folder)
        first = next(each for each in (folder, *folder.parents) if each.exists())
        if not first.is_dir():
            raise CniError(Code.UNAVAILABLE, "the folder of addresses cannot be made", f"{first} is no folder")


def _store(conf: NetConf) -> Store:
    return Store(conf.ipam.data_folder, conf.name)


def _read_dns(file: str) -> Dns:
    if not file:
        return Dns()
    try:
        return read_resolv_conf(Path(file).read_text(errors="replace"))
    except OSError as why:
        raise CniError(Code.IO_FAILURE, "ipam.resolvConf cannot be read", f"{file}: {why.strerror}") from why
