"""No field of any mutation takes what it should not, and none breaks: found out for all of them.

What is refused is refused with the place of the field, so that a form can show it there.
"""

from typing import Any

import pytest
from graphql import GraphQLList, GraphQLUnionType, get_named_type

from tests.api.matrix.callers import Caller
from tests.api.matrix.documents import root_fields
from tests.api.matrix.hostile import BORNE, MANY, REFUSED, WITH_CONTROL, Place, places, right_value
from tests.api.matrix.outcomes import ALLOWED, outcome_of
from tests.api.matrix.world import Filling, World
from tests.graphql_clients import Json

pytestmark = pytest.mark.asyncio(loop_scope="session")

SKIPPED = {
    "signIn.password": "guessing locks the account that other tests sign in with",
    "changePassword.currentPassword": "the same",
}
PLACES = [place for place in places() if place.coordinate not in SKIPPED]
CHANGERS = (Caller.ADMIN, Caller.OWNER, Caller.VISITOR, Caller.KEY)
ISSUES = "... on InvalidInputError { issues { path message } }"

OTHERWISE: dict[str, str] = {
    "signIn.email": "wrong e-mail address or password: nobody is told which",
    "refreshSession.refreshToken": "a token that is none",
    "requestPasswordReset.email": "nobody is told who has an account, nor what an address is",
    "refreshWidgetToken.widgetToken": "a token that is none",
    "resetPassword.resetCode": "a code that is none",
    "startVisit.embedKey": "a key that no chatbot has",
    "startVisit.identityToken": "a token that is none",
    "startVisit.previewToken": "a token that is none",
    "startVisit.embedNonce": "not looked at from a page that needs none",
    "startVisit.page.url": "a hint of the browser's, cut to what is kept",
    "startVisit.page.title": "a hint that is not kept",
    "startVisit.page.referrer": "a hint that is not kept",
    "startVisit.page.language": "a hint, cut to what is kept",
    "startVisit.language": "a hint, cut to what is kept",
    "startVisit.consentVersion": "cut to what is kept",
    "askOnce.chatbotId": "forbidden to visitors",
    "askOnce.visitorId": "forbidden to visitors",
    "askOnce.page.url": "a hint that is not kept",
    "askOnce.page.title": "a hint that is not kept",
    "askOnce.page.referrer": "a hint that is not kept",
    "askOnce.page.language": "a hint for the language of refusals",
    "validateHook.source": "what is wrong with it is the answer",
    "deleteClient.confirmSlug": "not the slug",
    "deleteChatbot.confirmName": "not the name",
    "pushKnowledge.documents": "so many are more values than any request may hold",
    "pushKnowledge.documents.html": "a document may have a megabyte, and what is not stored of it"
    " is replaced",
}
"""Fields that are refused in other words, or taken for a hint that is none, with the reason."""


TAKES_CONTROL = {
    "askOnce.text": "what a visitor says is kept as it came",
    "askOnce.idempotencyKey": "compared and never shown",
    "regenerateAnswer.idempotencyKey": "compared and never shown",
    "addKnowledgeSource.text": "what cannot be stored is replaced",
    "addKnowledgeSource.title": "the same",
    "updateKnowledgeSource.text": "the same",
    "updateKnowledgeSource.title": "the same",
}
"""Fields that take control characters, with the reason."""


def caller_of(place: Place) -> Caller:
    """Somebody who may do what the row does."""
    outcomes = place.row.expected.outcomes
    return next(one for one in CHANGERS if outcomes[one] == ALLOWED)


async def answer_to(world: World, place: Place, value: Any) -> Json:
    variables = await Filling(world).filled(place.variables(value))
    caller = caller_of(place)
    selection = f"{{ __typename ... on UserError {{ code message path }} {issues_of(place)} }}"
    return await world.call_with(caller, place.row, variables, selection=selection)


def issues_of(place: Place) -> str:
    """The selection of what is wrong, where the mutation can answer with it."""
    result = get_named_type(root_fields()[place.row.operation][1].type)
    assert isinstance(result, GraphQLUnionType)
    return ISSUES if "InvalidInputError" in {one.name for one in result.types} else ""


def is_fault(answer: Json) -> bool:
    return any(one["extensions"].get("incident") for one in answer.get("errors", []))


def is_refused_at(place: Place, answer: Json) -> bool:
    """Whether the answer points to the field, or to the whole of which it is a part."""
    if answer.get("errors"):
        codes = {one["extensions"].get("code") for one in answer["errors"]}
        return codes <= {"BAD_USER_INPUT", "INVALID_INPUT"}
    result = answer["data"][place.row.operation]
    wanted = [str(part) for part in place.path]
    paths = [one["path"] for one in result.get("issues") or [result] if one.get("path")]
    return any(path == wanted[: len(path)] and len(path) > 1 for path in paths)


@pytest.mark.parametrize("place", PLACES, ids=str)
async def test_a_hostile_value_is_refused_where_it_stands(world: World, place: Place) -> None:
    surprises = []
    for value in refused_values(place):
        answer = await answer_to(world, place, value)
        may_take = value is WITH_CONTROL and place.coordinate in TAKES_CONTROL
        is_right = may_take or place.coordinate in OTHERWISE or is_refused_at(place, answer)
        if is_fault(answer) or not is_right:
            surprises.append(f"{str(value)[:40]!r}: {str(answer)[:500]}")
    for value in BORNE.get(place.type_name, ()):
        if isinstance(place.type, GraphQLList):
            break
        answer = await answer_to(world, place, value)
        if is_fault(answer):
            surprises.append(f"{str(value)[:40]!r} is a fault: {str(answer)[:500]}")
    assert not surprises


def refused_values(place: Place) -> tuple[Any, ...]:
    if isinstance(place.type, GraphQLList):
        return ([right_value(place.type.of_type)] * MANY, [[]])
    return REFUSED.get(place.type_name, ("NO SUCH VALUE", 7))


async def test_every_field_of_every_mutation_is_tried() -> None:
    tried = {place.coordinate for place in PLACES}
    assert tried >= OTHERWISE.keys(), "explained and not there any more"
    assert len(tried) > 100


async def test_a_row_by_itself_is_taken(world: World) -> None:
    """What is refused above is refused for the value: the same call without it works."""
    for row in {place.row.operation: place.row for place in PLACES}.values():
        place = next(one for one in PLACES if one.row is row)
        variables = await Filling(world).filled({"input": dict(row.arguments)})
        selection = f"{{ __typename ... on UserError {{ code message path }} {issues_of(place)} }}"
        answer = await world.call_with(caller_of(place), row, variables, selection=selection)
        assert outcome_of(answer, row.operation) == ALLOWED, str(answer)
