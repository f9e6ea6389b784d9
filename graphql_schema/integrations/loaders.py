"""Loaders of integrations."""

from documents.integrations import Integration
from graphql_schema.loading import ByIdLoader


class IntegrationByIdLoader(ByIdLoader[Integration]):
    """Integrations by their ids."""

    document_class = Integration
