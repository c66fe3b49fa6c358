"""How an object changes by a patch: JSON patch, merge patch, strategic merge patch, and the three-way patch of apply.

In: decoded objects and patches, and for the strategic kinds the shape of the object. Out: a new object (or a patch);
nothing given is ever changed, and parts that stay the same are shared with the old object.
"""

from pyk8s.api.patch.document import json_patch as json_patch
from pyk8s.api.patch.errors import PatchFailed as PatchFailed
from pyk8s.api.patch.errors import PatchInvalid as PatchInvalid
from pyk8s.api.patch.merge import merge_patch as merge_patch
from pyk8s.api.patch.strategic import strategic_merge_patch as strategic_merge_patch
from pyk8s.api.patch.threeway import three_way as three_way
