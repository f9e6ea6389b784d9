"""Loaders of hooks' versions."""

from documents.hook_versions import HookVersion
from graphql_schema.loading import ByIdLoader


class HookVersionByIdLoader(ByIdLoader[HookVersion]):
    """Versions by their ids."""

    document_class = HookVersion
