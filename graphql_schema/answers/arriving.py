"""What a new question means for the stay of the visitor who asks it."""

from documents.base import utc_now
from documents.ids import PydanticObjectId
from graphql_schema.context import RequestContext
from graphql_schema.viewers import Viewer, VisitorViewer
from services.answering.accepting import Asker
from services.answering.generations import Place, ProcessFullError
from services.answering.question_refusals import SOON, QuestionRefusedError
from services.rate_limits.rate_limits import RateLimitedError
from services.visits.stays import TooManyVisitsError


class Arrival:
    """One question on its way in."""

    def __init__(self, context: RequestContext, asker: Asker, place: Place) -> None:
        self._context = context
        self._asker = asker
        self._place = place
        self._visit_id: PydanticObjectId | None = None

    async def admit(self) -> None:
        """Let a new question in; the visitor's visit goes on, or the next one begins.

        Raises:
            QuestionRefusedError: RATE_LIMITED.
        """
        self._take_place()
        viewer = await self._context.viewer()
        await self._check_rate(viewer)
        if not isinstance(viewer, VisitorViewer) or self._asker.preview_until is not None:
            return  # a server asks, or somebody who works on the chatbot: they visit nobody
        try:
            self._visit_id = await self._context.services.stays.go_on(viewer.claims)
        except TooManyVisitsError as error:
            raise QuestionRefusedError("rate_limited") from error

    def _take_place(self) -> None:
        """Keep a place among the answers of this process, before the question counts."""
        try:
            self._place.take()
        except ProcessFullError as error:
            raise QuestionRefusedError("rate_limited", utc_now() + SOON, "busy") from error

    async def _check_rate(self, viewer: Viewer | None) -> None:
        of_visitor = isinstance(viewer, VisitorViewer)
        try:
            await self._context.services.rate_limits.question(
                visitor=str(self._asker.visitor_id),
                chatbot=None if self._asker.preview_until else str(self._asker.chatbot_id),
                address=(self._context.caller.ip_address or "") if of_visitor else None,
            )
        except RateLimitedError as error:
            raise QuestionRefusedError("rate_limited", error.retry_at) from error

    async def count_messages(self, messages: int) -> None:
        """Count what was accepted: a question and its answer are two messages."""
        viewer = await self._context.viewer()
        if self._visit_id is not None and isinstance(viewer, VisitorViewer):
            await self._context.services.stays.count_messages(
                viewer.claims.client_id, self._visit_id, messages
            )
