from tests.unit.answering.conftest import process_of, visitor

__all__ = ["process_of", "visitor"]
