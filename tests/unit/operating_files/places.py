"""Where the files are that operators copy."""

from tests.server_process import ROOT

FILES = ROOT / "docs" / "operate" / "files"
