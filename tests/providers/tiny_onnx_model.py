"""An embedding model as files: a tokenizer and an ONNX graph small enough to be written here.

It looks each word up in a table (one `Gather`), as a large model's first layer does: words of one
concept have one row. The format is ONNX's protobuf, https://onnx.ai/onnx/intro/concepts.html; the
numbers of its fields are those of onnx.proto.
"""

import json
import struct
from collections.abc import Sequence
from pathlib import Path

from tests.providers.embedding_server import CONCEPTS

WIDTH = len(CONCEPTS) + 1
_FLOAT, _INT64 = 1, 7
_SPECIAL = {"[PAD]": 0, "[UNK]": 1}


def write_model(folder: Path) -> Path:
    """Write the model into a folder; the folder."""
    words = [(word, index) for index, one in enumerate(CONCEPTS) for word in sorted(one)]
    vocabulary = _SPECIAL | {word: 2 + place for place, (word, _) in enumerate(words)}
    unknown = [0.1 if place == WIDTH - 1 else 0.0 for place in range(WIDTH)]
    rows = [[0.0] * WIDTH, unknown]
    rows += [[float(place == index) for place in range(WIDTH)] for _, index in words]
    (folder / "model.onnx").write_bytes(_model(rows))
    (folder / "config.json").write_text(json.dumps({"hidden_size": WIDTH, "pad_token_id": 0}))
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"model_max_length": 128, "pad_token": "[PAD]"})
    )
    (folder / "special_tokens_map.json").write_text(
        json.dumps({"pad_token": "[PAD]", "unk_token": "[UNK]"})
    )
    (folder / "tokenizer.json").write_text(json.dumps(_tokenizer(vocabulary)))
    return folder


def _tokenizer(vocabulary: dict[str, int]) -> dict[str, object]:
    special = [
        {
            "id": number,
            "content": token,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
        for token, number in _SPECIAL.items()
    ]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": special,
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "[UNK]"},
    }


def _model(rows: Sequence[Sequence[float]]) -> bytes:
    numbers = b"".join(struct.pack(f"<{len(row)}f", *row) for row in rows)
    table = _field(1, len(rows)) + _field(1, WIDTH) + _field(2, _FLOAT)
    table += _field(8, b"table") + _field(9, numbers)
    node = _field(1, b"table") + _field(1, b"input_ids") + _field(2, b"last_hidden_state")
    node += _field(4, b"Gather")
    graph = _field(1, node) + _field(2, b"lookup") + _field(5, table)
    graph += _field(11, _value(b"input_ids", _INT64, 2))
    graph += _field(11, _value(b"attention_mask", _INT64, 2))
    graph += _field(12, _value(b"last_hidden_state", _FLOAT, 3))
    return _field(1, 8) + _field(7, graph) + _field(8, _field(2, 13))


def _value(name: bytes, kind: int, dimensions: int) -> bytes:
    """An input or output, its dimensions of any size."""
    shape = b"".join(_field(1, _field(2, f"d{one}".encode())) for one in range(dimensions))
    return _field(1, name) + _field(2, _field(1, _field(1, kind) + _field(2, shape)))


def _field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)
