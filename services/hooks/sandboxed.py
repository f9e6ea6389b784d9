"""The sandbox as the rest of the product sees it; `services.hooks.sandbox` is the real one."""

from typing import Protocol

from services.hooks.sandbox.calls import CheckedCode, HookCall, HttpDoor, Outcome


class SandboxedCode(Protocol):
    """Checks and runs tenants' code."""

    @property
    def policy_version(self) -> str:
        """Names the rules under which code is compiled; others need it compiled anew."""
        ...

    @property
    def problem(self) -> str | None:
        """Why nothing can be checked or run on this server, in a sentence for its operator."""
        ...

    async def check(self, source: str, client_id: str = "") -> CheckedCode:
        """What is wrong with a client's source, or what it compiled to.

        Raises:
            NotCheckedError: it could not be checked now; nothing is known about it.
        """
        ...

    async def run(self, call: HookCall, http: HttpDoor | None = None) -> Outcome:
        """Call a function of checked code; never raises for what the code does."""
        ...
