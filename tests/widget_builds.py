"""Builds of a widget as `npm run build` leaves them, small and known to the test."""

import base64
import hashlib
import json
from pathlib import Path

from services.publishing.widget_build import integrity_of


def write_build(folder: Path, *, loader: str = "/* the loader */ void 0;\n" * 40) -> dict[str, str]:
    """Write a build into a folder; what stands in which file."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "loader": loader,
        "panel": "export const panel = 1;\n" * 40,
        "side": "export const side = 1;\n",
        "lang-ar": 'export default { send: "إرسال" };\n',
    }
    names = {what: f"{what}-{_hash(text)}.js" for what, text in texts.items()}
    for what, text in texts.items():
        (folder / names[what]).write_text(text)
    manifest = {
        "version": "1.2.3",
        "loader": names["loader"],
        "panel": names["panel"],
        "parts": {"side": names["side"]},
        "languages": {"ar": names["lang-ar"]},
        "integrity": {names[what]: integrity_of(text.encode()) for what, text in texts.items()},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return {names[what]: text for what, text in texts.items()}


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
