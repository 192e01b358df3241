"""Customers' data keys, opened once and kept at hand."""

from collections import OrderedDict

from runtime.vault import DataKey, Vault


class CustomerKeys:
    """Opens the sealed keys of customers; keeps the last so many."""

    def __init__(self, vault: Vault, *, kept: int = 10_000) -> None:
        self._vault = vault
        self._kept = kept
        self._keys: OrderedDict[str, DataKey] = OrderedDict()

    def new(self, customer: str) -> tuple[DataKey, bytes]:
        """Make the key of a new customer; give it with its sealed form."""
        return self._vault.new_data_key(place=_place(customer))

    def open(self, customer: str, sealed: bytes) -> DataKey:
        """Open a customer's key.

        Raises:
            VaultError: No master key fits.
        """
        key = self._keys.get(customer)
        if key is None:
            key = self._keys[customer] = self._vault.data_key(sealed, place=_place(customer))
            if len(self._keys) > self._kept:
                self._keys.popitem(last=False)
        else:
            self._keys.move_to_end(customer)
        return key

    def forget(self, customer: str) -> None:
        """Drop an erased customer's key from memory."""
        self._keys.pop(customer, None)


def _place(customer: str) -> str:
    return f"customers/{customer}"
