"""The key to labelled output; an import contract keeps all but the stage and `output` away."""

from typing import NoReturn, final

from typing_extensions import override


@final
class Seal:
    """Proof that the labelling stage made a value; there is one, compared by identity."""

    __slots__ = ()

    @override
    def __reduce__(self) -> NoReturn:
        """Refuse to be copied or stored."""
        msg = "a seal cannot be copied"
        raise TypeError(msg)


SEAL = Seal()
