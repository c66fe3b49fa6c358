"""One error for the configuration of every program, printed in one place."""

import pytest

from pyk8s.api.configuration import ConfigInvalid
from pyk8s.apiserver.settings import settings_of
from pyk8s.cli.main import describe
from pyk8s.controllers.config import from_mapping
from pyk8s.kubelet.config import decode_config
from pyk8s.scheduler import Config


@pytest.mark.parametrize(
    ("read", "settings", "named"),
    [
        (settings_of, {"colour": "red"}, "colour"),
        (from_mapping, {"colour": "red"}, "colour"),
        (Config.read, {"schedulerName": ""}, "schedulerName"),
        (decode_config, {"nodeName": "n", "nodeIP": "here"}, "nodeIP"),
    ],
)
def test_what_is_wrong_with_any_configuration_is_one_error_that_reads_as_it_is(read, settings, named):
    with pytest.raises(ConfigInvalid) as caught:
        read(settings)
    assert named in str(caught.value)
    assert describe(caught.value) == str(caught.value)
