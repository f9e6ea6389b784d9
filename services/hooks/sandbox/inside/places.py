"""At which of the author's own lines something happened."""

from types import FrameType, TracebackType

from services.hooks.sandbox.inside.checking import FILE_NAME


def line_of_error(traceback: TracebackType | None) -> int | None:
    """The innermost line of the hook that an exception passed."""
    line = None
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == FILE_NAME:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


def line_of_frame(frame: FrameType | None) -> int | None:
    """The line of the hook that is being run."""
    while frame is not None and frame.f_code.co_filename != FILE_NAME:
        frame = frame.f_back
    return None if frame is None else frame.f_lineno
