"""The control plane: another process steers a simulator and reads it under `/_simulator/`."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulators.faults import CONTROL_PREFIX, Fault, FaultSwitch
from simulators.wire import BodyUnreadableError, JsonObject, json_object

Action: TypeAlias = Callable[[JsonObject], Awaitable[JsonObject]]


class ControlError(Exception):
    """The simulator cannot do what it was told to."""


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """What may be read of a simulator and done to it from outside."""

    faults: FaultSwitch
    state: Callable[[], JsonObject]
    inbox: Callable[[], JsonObject]
    actions: Mapping[str, Action]

    def routes(self) -> list[Route]:
        """Give `state`, `inbox`, `faults`, and one POST route an action."""
        return [
            Route(f"{CONTROL_PREFIX}state", self._state),
            Route(f"{CONTROL_PREFIX}inbox", self._inbox),
            Route(f"{CONTROL_PREFIX}faults", self._faults, methods=["GET", "POST", "DELETE"]),
            Route(f"{CONTROL_PREFIX}{{action}}", self._act, methods=["POST"]),
        ]

    async def _state(self, request: Request) -> Response:
        return JSONResponse(self.state())

    async def _inbox(self, request: Request) -> Response:
        return JSONResponse(self.inbox())

    async def _faults(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.faults.clear()
        if request.method == "POST":
            try:
                self.faults.add(Fault.from_json(json_object(await request.body())))
            except BodyUnreadableError as error:
                return JSONResponse({"error": str(error)}, status_code=400)
        return JSONResponse({"faults": [fault.as_json() for fault in self.faults.standing]})

    async def _act(self, request: Request) -> Response:
        name = request.path_params["action"]
        action = self.actions.get(name)
        if action is None:
            known = sorted(self.actions)
            return JSONResponse({"error": f"no action {name!r}, only {known}"}, status_code=404)
        try:
            return JSONResponse(await action(json_object(await request.body())))
        except (BodyUnreadableError, ControlError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)


def text_field(fields: JsonObject, name: str, default: str | None = None) -> str:
    """Give a field that must be text.

    Raises:
        ControlError: It is missing or something else.
    """
    value = fields.get(name, default)
    if not isinstance(value, str):
        msg = f"the action needs the text field {name!r}"
        raise ControlError(msg)
    return value
