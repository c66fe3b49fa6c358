import stat

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature

from pyk8s.wire.errors import KeyFileInvalid
from pyk8s.wire.pki import (
    Authority,
    Identity,
    check_pair,
    identity,
    load_certificate,
    public_key,
    read_pem,
    signing_key,
)


def test_a_certificate_names_its_user_and_groups():
    pair = Authority.create("demo").issue("system:node:node-1", ["system:nodes"])
    assert identity(pair.certificate) == Identity("system:node:node-1", ("system:nodes",))


def test_several_organizations_are_several_groups():
    pair = Authority.create("demo").issue("alice", ["dev", "ops"])
    assert identity(pair.certificate).organizations == ("dev", "ops")


@pytest.mark.parametrize(
    ("server", "client", "names"),
    [(True, False, ["serverAuth"]), (False, True, ["clientAuth"]), (True, True, ["clientAuth", "serverAuth"])],
)
def test_a_certificate_says_what_it_may_be_used_for(server, client, names):
    pair = Authority.create("demo").issue("x", client=client, server=server)
    uses = x509.load_pem_x509_certificate(pair.certificate).extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert [use._name for use in uses.value] == names


def test_alternative_names_are_addresses_or_host_names_each_once():
    pair = Authority.create("demo").issue("api", sans=["localhost", "127.0.0.1", "::1", "localhost"], server=True)
    found = x509.load_pem_x509_certificate(pair.certificate).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert [str(name.value) for name in found.value] == ["localhost", "127.0.0.1", "::1"]


def test_a_certificate_is_signed_by_its_authority_and_not_by_another():
    authority, other = Authority.create("demo"), Authority.create("demo")
    certificate = x509.load_pem_x509_certificate(authority.issue("x").certificate)
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.certificate))
    with pytest.raises(InvalidSignature):
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(other.certificate))


def test_an_authority_read_back_from_its_files_signs_on(tmp_path):
    made = Authority.create("demo")
    files = made.pair.write(tmp_path, "ca")
    pair = Authority.load(*files).issue("x")
    x509.load_pem_x509_certificate(pair.certificate).verify_directly_issued_by(load_certificate(files[0]))


def test_key_files_are_readable_by_their_owner_alone(tmp_path):
    for path in Authority.create("demo").pair.write(tmp_path / "new", "ca"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [path.name for path in sorted((tmp_path / "new").iterdir())] == ["ca.crt", "ca.key"]


@pytest.mark.parametrize("content", [None, b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\nxx\n"])
def test_a_file_that_is_no_certificate_is_named_in_the_error(tmp_path, content):
    path = tmp_path / "ca.crt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(KeyFileInvalid, match=str(path)):
        load_certificate(path)


def test_a_private_key_does_not_pass_for_a_certificate(tmp_path):
    files = Authority.create("demo").pair.write(tmp_path, "ca")
    with pytest.raises(KeyFileInvalid, match="no certificate"):
        Authority.load(files[1], files[1])
    with pytest.raises(KeyFileInvalid, match="no private key"):
        Authority.load(files[0], files[0])


def test_an_oversized_file_is_refused(tmp_path):
    path = tmp_path / "big.pem"
    path.write_bytes(b"-----BEGIN X-----" + b"a" * 5_000_000)
    with pytest.raises(KeyFileInvalid, match="larger"):
        read_pem(path)


def test_the_public_half_of_a_signing_key_is_no_private_key():
    assert public_key(signing_key()).startswith(b"-----BEGIN PUBLIC KEY-----")
    with pytest.raises(KeyFileInvalid):
        public_key(public_key(signing_key()))


def test_a_key_that_is_not_the_certificates_is_told():
    authority = Authority.create("ca")
    one, other = authority.issue("one"), authority.issue("other")
    check_pair(one.certificate, one.key)
    for certificate, key, says in (
        (one.certificate, other.key, "not the certificate's"),
        (b"x", one.key, "no certificate in PEM"),
        (one.certificate, one.certificate, "no private key in PEM"),
    ):
        with pytest.raises(KeyFileInvalid, match=says):
            check_pair(certificate, key)
