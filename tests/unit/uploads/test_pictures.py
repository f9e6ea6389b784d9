"""Decoders that hang, crash or eat memory take nothing with them."""

import asyncio
from pathlib import Path

import pytest

from services.uploads.pictures import WAITING, PictureError, Pictures, PicturesBusyError
from tests.api.uploading import picture

HANGING = "import time; time.sleep(600)"
CRASHING = "import os; os.abort()"
GREEDY = """
import resource
resource.setrlimit(resource.RLIMIT_AS, (64 << 20, 64 << 20))
b"x" * (1 << 30)
"""


def pictures_with(folder: Path, program: str, deadline_s: float = 20) -> Pictures:
    file = folder / "program.py"
    file.write_text(program)
    return Pictures(file, deadline_s)


async def test_a_decoder_that_hangs_is_killed_at_the_deadline(tmp_path: Path) -> None:
    pictures = pictures_with(tmp_path, HANGING, deadline_s=0.2)
    with pytest.raises(PictureError, match="broken"):
        await pictures.redrawn(picture())


@pytest.mark.parametrize("program", [CRASHING, GREEDY])
async def test_a_decoder_that_crashes_refuses_its_picture_alone(
    tmp_path: Path, program: str
) -> None:
    with pytest.raises(PictureError, match="broken"):
        await pictures_with(tmp_path, program).redrawn(picture())
    assert (await Pictures().redrawn(picture())).width == 64


async def test_whoever_comes_when_many_wait_is_told_to_come_again(tmp_path: Path) -> None:
    pictures = pictures_with(tmp_path, HANGING)
    waiting = [asyncio.create_task(pictures.redrawn(picture())) for _ in range(WAITING)]
    await asyncio.sleep(0)  # each has counted itself before it waits
    with pytest.raises(PicturesBusyError):
        await pictures.redrawn(picture())
    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    with pytest.raises(PictureError, match="broken"):
        await pictures_with(tmp_path, CRASHING).redrawn(picture())
    small = Pictures()
    drawn = await asyncio.gather(*[small.redrawn(picture()) for _ in range(4)])
    assert len({one.content for one in drawn}) == 1
