"""What `parlance knowledge` refuses; apart, so that every command can name it and start fast."""


class KnowledgeCommandError(RuntimeError):
    """The command cannot be carried out; the text says why."""
