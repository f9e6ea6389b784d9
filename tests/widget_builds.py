"""Builds of a widget as `npm run build` leaves them, small and known to the test."""

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
        "lang-en": 'export default { send: "Send" };\n',
        "lang-ar": 'export default { send: "إرسال" };\n',
    }
    names = {
        what: f"{what}-{hashlib.sha256(text.encode()).hexdigest()[:10]}.js"
        for what, text in texts.items()
    }
    for what, text in texts.items():
        (folder / names[what]).write_text(text)
    manifest = {
        "version": "1.2.3",
        "loader": names["loader"],
        "panel": names["panel"],
        "languages": {"en": names["lang-en"], "ar": names["lang-ar"]},
        "integrity": {names[what]: integrity_of(text.encode()) for what, text in texts.items()},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return {names[what]: text for what, text in texts.items()}
