"""The typed wrappers of examples/ that can be checked here pass the strict compiler."""

import json
from pathlib import Path

from tests.providers.node import node_binary
from tests.real_clients.guide_project import NODE_MODULES, run_tool
from tests.server_process import ROOT

OPTIONS = {
    "strict": True,
    "noEmit": True,
    "target": "es2022",
    "module": "esnext",
    "moduleResolution": "bundler",
    "jsx": "react-jsx",
    "types": [],
}
EXAMPLE = ROOT / "examples" / "react" / "ParlanceChat.tsx"
USE = """
import {{ ParlanceChat }} from {component};

export const right = <ParlanceChat apiUrl="https://chat.example.com" chatbot="key"
  getToken={{async () => "token"}} onReady={{(widget) => {{ widget.ask("Hello"); }}}} />;
{wrong}
"""
WRONG = {
    "no chatbot": '<ParlanceChat apiUrl="https://chat.example.com" />',
    "no such corner": '<ParlanceChat apiUrl="x" chatbot="x" position="middle" />',
    "no such method": '<ParlanceChat apiUrl="x" chatbot="x" onReady={(it) => it.shout()} />',
}


def test_the_react_wrapper_takes_what_is_right_and_nothing_else(tmp_path: Path) -> None:
    component = json.dumps(str(EXAMPLE.with_suffix("")))
    wrong = "\n".join(
        f"// @ts-expect-error {why}\nexport const {why.replace(' ', '_')} = {use};"
        for why, use in WRONG.items()
    )
    (tmp_path / "shop.tsx").write_text(USE.format(component=component, wrong=wrong))
    (tmp_path / "node_modules").symlink_to(NODE_MODULES)
    options = {"compilerOptions": OPTIONS, "files": ["shop.tsx"]}
    (tmp_path / "tsconfig.json").write_text(json.dumps(options))

    run_tool(tmp_path, node_binary(), "node_modules/typescript/bin/tsc", "-p", ".")
