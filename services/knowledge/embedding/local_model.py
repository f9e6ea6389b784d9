"""Meanings made on this machine, by an ONNX model: no provider, and no text leaves the server.

An optional part of the installation (`parlance[local-embeddings]`). A model is one that fastembed
knows by name, which is downloaded when it is first needed, or a folder with an ONNX model and its
tokenizer, for machines that may not download.
"""

import json
from pathlib import Path

from fastembed import TextEmbedding
from fastembed.common.model_description import ModelSource, PoolingType
from langchain_core.embeddings import Embeddings

THREADS = 1
"""Of the model: the answers that stream at the time need the other cores."""

BATCH = 16
"""Passages read at once: more take memory and save no time on one core."""

_FILES = ("model.onnx", "onnx/model.onnx")


class LocalModelError(ValueError):
    """The folder holds no model; the text says what is missing."""


class LocalEmbeddings(Embeddings):
    """An ONNX model in this process; safe for concurrent calls from threads."""

    def __init__(self, model: str) -> None:
        """`model` is a name or the path of a folder.

        Raises:
            LocalModelError: it is a folder without a model.
            ValueError: fastembed knows no such name.
        """
        folder = Path(model)
        if folder.is_dir():
            _make_known(folder)
            self._model = TextEmbedding(model, specific_model_path=model, threads=THREADS)
        else:
            self._model = TextEmbedding(model, threads=THREADS)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """The vectors of passages."""
        made = self._model.passage_embed(texts, batch_size=BATCH)
        return [[float(one) for one in vector] for vector in made]

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question: some models read these in another way."""
        [vector] = self._model.query_embed([text])
        return [float(one) for one in vector]


def _make_known(folder: Path) -> None:
    known = {str(one["model"]).casefold() for one in TextEmbedding.list_supported_models()}
    if str(folder).casefold() in known:
        return
    TextEmbedding.add_custom_model(
        model=str(folder),
        pooling=_pooling(folder),
        normalization=True,
        sources=ModelSource(url=folder.absolute().as_uri()),
        dim=_width(folder),
        model_file=_model_file(folder),
    )


def _model_file(folder: Path) -> str:
    for name in _FILES:
        if (folder / name).is_file():
            return name
    raise LocalModelError(f"{folder} holds no {_FILES[0]}")


def _pooling(folder: Path) -> PoolingType:
    """How sentence-transformers made one vector of many."""
    told = folder / "1_Pooling" / "config.json"
    is_first = told.is_file() and json.loads(told.read_text()).get("pooling_mode_cls_token")
    return PoolingType.CLS if is_first else PoolingType.MEAN


def _width(folder: Path) -> int:
    told = folder / "config.json"
    try:
        return int(json.loads(told.read_text())["hidden_size"])
    except (OSError, ValueError, KeyError, TypeError):
        raise LocalModelError(f"{told} does not say the model's hidden_size") from None
