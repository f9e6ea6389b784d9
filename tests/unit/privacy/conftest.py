from tests.unit.answering.conftest import make_log, process_of, redis_url, visitor

__all__ = ["make_log", "process_of", "redis_url", "visitor"]
