"""Asks every provider once and prints what came; run as a program with a hostile environment.

A program of its own, because SDKs read and cache the environment when they are imported.
"""

import asyncio
import json
import sys

from services.llm.factory import ModelFactory
from tests.unit.llm.asking import PROVIDERS, answer_of, settings_for


async def main(url: str, reader: str) -> None:
    models = ModelFactory(langchain_only=reader == "langchain")
    texts = {}
    for provider in PROVIDERS:
        answer = await answer_of(models.create(settings_for(provider, f"{url}/{provider}")))
        texts[provider] = answer.text
    await models.close()
    sys.stdout.write(json.dumps(texts))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
