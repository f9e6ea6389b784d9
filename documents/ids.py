"""The type of documents' ids, for the layers that do not know the driver."""

from beanie import PydanticObjectId

__all__ = ["PydanticObjectId"]
