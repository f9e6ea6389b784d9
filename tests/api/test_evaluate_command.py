"""`parlance evaluate`: an owner's own questions, asked of a chatbot beside the running server."""

import json
from pathlib import Path

from tests.api.operations import MakeClient, done, new_source
from tests.api.test_command_line import check_refused, command
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess


async def test_the_figures_of_a_question_set_are_printed(
    admin: GraphQLClient, make_client: MakeClient, server: ServerProcess, tmp_path: Path
) -> None:
    given = {"clientId": await make_client(), "name": "Helper"}
    chatbot = (await done(admin, "createChatbot", given, "chatbot { id embedKey }"))["chatbot"]
    await new_source(admin, [chatbot["id"]], title="Hours", text="The shop opens at nine.")
    file = tmp_path / "questions.json"
    questions = [
        {"question": "When does the shop open?", "expect": [{"source": "Hours"}]},
        {"question": "Which vaccines are needed in Kenya?"},
    ]
    file.write_text(json.dumps({"questions": questions}))

    told = command(server, "evaluate", str(file), "--chatbot", chatbot["embedKey"])

    assert told.returncode == 0, told
    assert "all                1   1.00   1.00   1.00    1.00       0%             1     100%" in (
        told.stdout
    )


async def test_what_cannot_be_evaluated_is_said_in_a_sentence(
    server: ServerProcess, tmp_path: Path
) -> None:
    wrong, right = tmp_path / "wrong.json", tmp_path / "right.json"
    wrong.write_text('{"questions": [{}]}')
    right.write_text('{"questions": [{"question": "A?"}]}')
    check_refused(command(server, "evaluate", str(wrong), "--chatbot", "demo"), "questions.0")
    check_refused(command(server, "evaluate", str(right), "--chatbot", "nobody"), "no chatbot")
    gone = command(server, "evaluate", str(tmp_path / "gone.json"), "--chatbot", "demo")
    check_refused(gone, "gone.json")
