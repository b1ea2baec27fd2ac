"""The checkpoint that is taken when none is named."""

from __future__ import annotations

import pytest

from ainf_tui.domain.checkpoints import choose, fits
from ainf_tui.errors import UsageError

BOTH = ("a-v1-5-pruned.safetensors", "sd_xl_base_1.0.safetensors", "juggernautXL_v9.safetensors")


@pytest.mark.parametrize(
    ("available", "family", "last", "name", "how"),
    [
        (BOTH, "sdxl", "a-v1-5-pruned.safetensors", "a-v1-5-pruned.safetensors", "last_used"),
        (BOTH, "sdxl", "gone.safetensors", "sd_xl_base_1.0.safetensors", "family"),
        (BOTH, "sd15", "", "a-v1-5-pruned.safetensors", "family"),
        (BOTH, "juggernaut, sd15", "", "a-v1-5-pruned.safetensors", "family"),
        (BOTH, "flux", "", "a-v1-5-pruned.safetensors", "first"),
        (BOTH, "", "", "a-v1-5-pruned.safetensors", "family"),
    ],
)
def test_last_used_then_family_then_first(available, family, last, name, how):
    choice = choose(available, family, last)
    assert (choice.name, choice.how) == (name, how)
    assert name in choice.notice.message
    assert choice.notice.code == ("checkpoint.may_not_fit" if how == "first" else "checkpoint.chosen")


@pytest.mark.parametrize(
    ("name", "family", "expected"),
    [
        ("SDXL/realvisXL_v40.safetensors", "sdxl", True),
        ("ponyDiffusion.safetensors", "sdxl", True),
        ("waiNSFWIllustrious.safetensors", "sdxl", True),
        ("v1-5-pruned-emaonly.ckpt", "sdxl", False),
        ("v1-5-pruned-emaonly.ckpt", "sd15", True),
        ("sd_xl_base_1.0.safetensors", "sd15", False),
        ("v2-1_768.safetensors", "sd15", False),
        ("v2-1_768.safetensors", "sd21", True),
        ("sd3.5_large.safetensors", "sd3", True),
        ("flux1-dev-fp8.safetensors", "flux", True),
        ("flux1-dev-fp8.safetensors", "sdxl", False),
        ("maxlight.safetensors", "sdxl", False),
    ],
)
def test_families_are_told_by_names(name, family, expected):
    assert fits(name, family) is expected


def test_none_at_all_is_an_error_with_a_next_step():
    with pytest.raises(UsageError) as caught:
        choose((), "sdxl", "x")
    assert caught.value.code == "checkpoint.none"
    assert "models/checkpoints" in caught.value.hint
