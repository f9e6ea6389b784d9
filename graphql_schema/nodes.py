"""Anything by its id. Unknown, malformed and foreign ids give null alike.

Many ids cost one query per type. A type that implements Node and is missing here fails a test.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any, TypeAlias

import strawberry

from documents.api_keys import ApiKey as ApiKeyDocument
from documents.audit_entries import AuditEntry as AuditDocument
from documents.audit_entries import within
from documents.chatbot_versions import ChatbotVersion as VersionDocument
from documents.chatbots import Chatbot as ChatbotDocument
from documents.clients import Client as ClientDocument
from documents.conversations import Conversation as ConversationDocument
from documents.deliveries import Delivery as DeliveryDocument
from documents.hook_versions import HookVersion as HookVersionDocument
from documents.hooks import Hook as HookDocument
from documents.ids import PydanticObjectId
from documents.integrations import Integration as IntegrationDocument
from documents.knowledge_sources import sources_without_text
from documents.messages import Message as MessageDocument
from documents.reports import Report as ReportDocument
from documents.reports import ReportSchedule as ScheduleDocument
from documents.tenancy import TenantScope
from documents.users import User as UserDocument
from documents.visitors import Visitor as VisitorDocument
from documents.visits import Visit as VisitDocument
from documents.widget_tokens import WidgetToken as WidgetTokenDocument
from graphql_schema.accounts.sessions import session_from
from graphql_schema.accounts.types import user_from
from graphql_schema.api_keys.types import api_key_from
from graphql_schema.arguments import OwnId
from graphql_schema.audit.types import entry_from
from graphql_schema.chatbots.types import chatbot_from, version_from
from graphql_schema.clients.types import client_from, signing_key_from
from graphql_schema.context import ParlanceInfo, RequestContext
from graphql_schema.conversations.types import conversation_from, message_from, visitor_from
from graphql_schema.errors import BadArgumentError
from graphql_schema.hooks.types import hook_from
from graphql_schema.hooks.types import version_from as hook_version_from
from graphql_schema.integrations.types import delivery_from, integration_from
from graphql_schema.knowledge.types import source_from
from graphql_schema.llm_configs.types import llm_config_from
from graphql_schema.node import Node, decoded_id
from graphql_schema.permissions import SignedIn, allowed_for
from graphql_schema.reports.files import report_from, schedule_from
from graphql_schema.scopes import Scope
from graphql_schema.viewers import ApiKeyViewer, MemberViewer, PersonViewer, VisitorViewer
from graphql_schema.visits.queries import visit_from
from graphql_schema.widget_tokens.types import widget_token_from
from services.accounts.sessions import live_sessions

MAX_NODES = 100

Ids: TypeAlias = Sequence[PydanticObjectId]
Lookup: TypeAlias = Callable[[RequestContext, MemberViewer, Ids], Awaitable[list[Node]]]
OwnLookup: TypeAlias = Callable[[VisitorViewer, Ids], Awaitable[list[Node]]]


@strawberry.type
class NodeQueries:
    """Queries of no domain."""

    @strawberry.field(
        description="Anything by its id; null for an unknown or foreign one.",
        extensions=allowed_for(SignedIn, scope=tuple(Scope)),
    )
    async def node(self, info: ParlanceInfo, id: OwnId) -> Node | None:
        return (await _found(info.context, [id])).get(id)

    @strawberry.field(
        description="Many things by their ids, at most 100, in the order of the ids; null for each"
        " unknown or foreign one.",
        extensions=allowed_for(SignedIn, scope=tuple(Scope)),
    )
    async def nodes(
        self,
        info: ParlanceInfo,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="At most 100.")],
    ) -> list[Node | None]:
        if len(ids) > MAX_NODES:
            raise BadArgumentError(f"`ids` may have at most {MAX_NODES} entries.")
        found = await _found(info.context, ids)
        return [found.get(one) for one in ids]


async def _found(context: RequestContext, public_ids: Sequence[str]) -> dict[str, Node]:
    """What the caller may see of these, by the ids."""
    ids_by_type: dict[str, list[PydanticObjectId]] = defaultdict(list)
    for public_id in dict.fromkeys(public_ids):
        if (decoded := decoded_id(public_id)) is not None:
            ids_by_type[decoded[0]].append(decoded[1])
    viewer = await context.viewer()
    if isinstance(viewer, VisitorViewer):
        found = [
            node
            for type_name, ids in ids_by_type.items()
            if type_name in OWN_LOOKUPS
            for node in await OWN_LOOKUPS[type_name](viewer, ids)
        ]
    else:
        member = await context.member()
        found = [
            node
            for type_name, ids in ids_by_type.items()
            if type_name in LOOKUPS and _open_to(member, type_name)
            for node in await LOOKUPS[type_name](context, member, ids)
        ]
    return {node.id: node for node in found}


def _open_to(member: MemberViewer, type_name: str) -> bool:
    """Whether the caller may read things of this type; an API key needs one of its scopes."""
    if not isinstance(member, ApiKeyViewer):
        return True
    return any(one.value in member.key.scopes for one in KEY_SCOPES.get(type_name, ()))


def _of_client(document_class: type[Any], make_node: Callable[[Any], Node]) -> Lookup:
    """Finds documents of the clients that the caller works for."""

    async def find(_context: RequestContext, member: MemberViewer, ids: Ids) -> list[Node]:
        return await _made(member.scope(), document_class, {"_id": {"$in": ids}}, ids, make_node)

    return find


def _of_editors(document_class: type[Any], make_node: Callable[[Any], Node]) -> Lookup:
    """Finds documents that only editors and owners of a client see."""

    async def find(_context: RequestContext, member: MemberViewer, ids: Ids) -> list[Node]:
        scope = member.scope("editor")
        return await _made(scope, document_class, {"_id": {"$in": ids}}, ids, make_node)

    return find


async def _made(
    scope: TenantScope,
    document_class: type[Any],
    condition: Mapping[str, Any],
    ids: Ids,
    make_node: Callable[[Any], Node],
) -> list[Node]:
    found = await scope.of(document_class).find(condition, limit=len(ids))
    return [make_node(one) for one in found]


async def _llm_configs(context: RequestContext, member: MemberViewer, ids: Ids) -> list[Node]:
    found = await context.services.llm_configs.among(member.scope(), ids)
    return [llm_config_from(one) for one in found]


async def _knowledge_sources(
    _context: RequestContext, member: MemberViewer, ids: Ids
) -> list[Node]:
    found = await sources_without_text(member.scope(), {"_id": {"$in": ids}}, limit=len(ids))
    return [source_from(one) for one in found]


async def _sessions(_context: RequestContext, person: MemberViewer, ids: Ids) -> list[Node]:
    if not isinstance(person, PersonViewer):
        return []
    found = await live_sessions(None if person.is_admin else person.user.id, ids)
    return [session_from(one) for one in found]


async def _api_keys(_context: RequestContext, member: MemberViewer, ids: Ids) -> list[Node]:
    return await _made(
        member.scope("owner"), ApiKeyDocument, {"_id": {"$in": ids}}, ids, api_key_from
    )


async def _audit_entries(_context: RequestContext, member: MemberViewer, ids: Ids) -> list[Node]:
    condition = {"_id": {"$in": ids}, **within(member.scope("owner"))}
    found = await AuditDocument.find(condition).to_list(len(ids))
    return [entry_from(one) for one in found]


async def _signing_keys(_context: RequestContext, member: MemberViewer, ids: Ids) -> list[Node]:
    clients = await (
        member.scope("owner")
        .of(ClientDocument)
        .find({"signing_keys.id": {"$in": ids}}, limit=len(ids))
    )
    return [
        signing_key_from(one) for client in clients for one in client.signing_keys if one.id in ids
    ]


async def _users(_context: RequestContext, person: MemberViewer, ids: Ids) -> list[Node]:
    """The person, and those who work for one of the person's clients."""
    if not isinstance(person, PersonViewer):
        return []
    found = await UserDocument.find({"_id": {"$in": ids}}).to_list(len(ids))
    return [user_from(person.shown(one)) for one in found if person.knows(one)]


async def _own_visitor(visitor: VisitorViewer, ids: Ids) -> list[Node]:
    own = [one for one in ids if one == visitor.claims.visitor_id]
    condition = {"_id": {"$in": own}}
    return await _made(visitor.scope(), VisitorDocument, condition, ids, visitor_from)


def _own(document_class: type[Any], make_node: Callable[[Any], Node]) -> OwnLookup:
    """Finds what one visitor and one chatbot said to each other."""

    async def find(visitor: VisitorViewer, ids: Ids) -> list[Node]:
        condition = {
            "_id": {"$in": ids},
            "chatbot_id": visitor.claims.chatbot_id,
            "visitor_id": visitor.claims.visitor_id,
        }
        return await _made(visitor.scope(), document_class, condition, ids, make_node)

    return find


LOOKUPS: Mapping[str, Lookup] = {
    "User": _users,
    "Session": _sessions,
    "ApiKey": _api_keys,
    "AuditEntry": _audit_entries,
    "SigningKey": _signing_keys,
    "Client": _of_client(ClientDocument, client_from),
    "Chatbot": _of_client(ChatbotDocument, chatbot_from),
    "ChatbotVersion": _of_client(VersionDocument, version_from),
    "LlmConfig": _llm_configs,
    "Visitor": _of_client(VisitorDocument, visitor_from),
    "Visit": _of_client(VisitDocument, visit_from),
    "WidgetToken": _of_client(WidgetTokenDocument, widget_token_from),
    "Conversation": _of_client(ConversationDocument, conversation_from),
    "Message": _of_client(MessageDocument, message_from),
    "KnowledgeSource": _knowledge_sources,
    "Hook": _of_editors(HookDocument, hook_from),
    "HookVersion": _of_editors(HookVersionDocument, hook_version_from),
    "Integration": _of_client(IntegrationDocument, integration_from),
    "Delivery": _of_client(DeliveryDocument, delivery_from),
    "Report": _of_client(ReportDocument, report_from),
    "ReportSchedule": _of_client(ScheduleDocument, schedule_from),
}
"""How a person or an API key finds the things of each type."""

KEY_SCOPES: Mapping[str, Sequence[Scope]] = {
    "Client": tuple(Scope),
    "Chatbot": (Scope.CHATBOTS_READ,),
    "ChatbotVersion": (Scope.CHATBOTS_READ,),
    "LlmConfig": (Scope.CHATBOTS_READ,),
    "Visitor": (Scope.CONVERSATIONS_READ, Scope.VISITORS_WRITE),
    "Visit": (Scope.CONVERSATIONS_READ,),
    "WidgetToken": (Scope.VISITORS_WRITE,),
    "Conversation": (Scope.CONVERSATIONS_READ,),
    "Message": (Scope.CONVERSATIONS_READ,),
    "KnowledgeSource": (Scope.CHATBOTS_READ, Scope.KNOWLEDGE_WRITE),
}
"""With which scopes an API key may read things of each type; of a type that is not here, none."""

OWN_LOOKUPS: Mapping[str, OwnLookup] = {
    "Visitor": _own_visitor,
    "Conversation": _own(ConversationDocument, conversation_from),
    "Message": _own(MessageDocument, message_from),
}
"""How a visitor finds the visitor's own."""
