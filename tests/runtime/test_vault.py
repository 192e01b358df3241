import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.errors import VaultError
from runtime.vault import DataKey, Vault

OLD, NEW = bytes(32), bytes([1]) * 32


class TestVault:
    @given(st.binary(max_size=200), st.text(max_size=20))
    def test_what_was_sealed_for_a_place_opens_there(self, secret: bytes, place: str) -> None:
        vault = Vault([NEW])

        assert vault.open(vault.seal(secret, place=place), place=place) == secret

    def test_a_rotated_vault_opens_what_the_old_key_sealed_and_seals_with_the_new(self) -> None:
        sealed = Vault([OLD]).seal(b"secret", place="accounts/1")
        rotated = Vault([NEW, OLD])

        assert rotated.open(sealed, place="accounts/1") == b"secret"
        resealed = rotated.seal(b"secret", place="accounts/1")
        assert Vault([NEW]).open(resealed, place="accounts/1") == b"secret"

    def test_another_place_does_not_open(self) -> None:
        vault = Vault([NEW])
        sealed = vault.seal(b"secret", place="accounts/1")

        with pytest.raises(VaultError, match="altered, or stood elsewhere"):
            vault.open(sealed, place="accounts/2")

    def test_a_lost_master_key_is_named_as_the_cause(self) -> None:
        sealed = Vault([OLD]).seal(b"secret", place="accounts/1")

        with pytest.raises(VaultError, match="master key that is not set"):
            Vault([NEW]).open(sealed, place="accounts/1")

    @pytest.mark.parametrize("keys", [[], [b"short"]])
    def test_a_master_key_has_32_bytes(self, keys: list[bytes]) -> None:
        with pytest.raises(VaultError, match="32 bytes"):
            Vault(keys)


class TestDataKey:
    @given(st.binary(max_size=200))
    def test_what_was_encrypted_is_decrypted(self, content: bytes) -> None:
        key, sealed = Vault([NEW]).new_data_key(place="customers/1")

        encrypted = key.encrypt(content, place="inbound/1")

        again = Vault([NEW]).data_key(sealed, place="customers/1")
        assert again.decrypt(encrypted, place="inbound/1") == content

    @given(st.integers(min_value=0, max_value=30))
    def test_any_altered_byte_is_refused(self, position: int) -> None:
        key = DataKey(NEW)
        encrypted = bytearray(key.encrypt(b"abc", place="inbound/1"))
        encrypted[position % len(encrypted)] ^= 1

        with pytest.raises(VaultError, match="inbound/1"):
            key.decrypt(bytes(encrypted), place="inbound/1")

    def test_digests_of_two_customers_differ(self) -> None:
        assert DataKey(NEW).digest(b"abc") != DataKey(OLD).digest(b"abc")
        assert DataKey(NEW).digest(b"abc") == DataKey(NEW).digest(b"abc")
