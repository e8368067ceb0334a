"""Which keys verify which tokens."""

from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from gateway.directory.oidc.token import SignInNotValid, key_for, person_in, signed_with

RSA, EC = rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
KEYS: dict[str, dict[str, Any]] = {
    "RSA": RSAAlgorithm.to_jwk(RSA.public_key(), as_dict=True) | {"kid": "rsa"},
    "EC": ECAlgorithm.to_jwk(EC.public_key(), as_dict=True) | {"kid": "ec"},
    "OKP": OKPAlgorithm.to_jwk(ED.public_key(), as_dict=True) | {"kid": "ed"},
}


@pytest.mark.parametrize(
    ("private", "algorithm", "kind"),
    [
        (RSA, "RS256", "RSA"), (RSA, "RS512", "RSA"), (RSA, "PS256", "RSA"),
        (EC, "ES256", "EC"), (ED, "EdDSA", "OKP"),
    ],
)  # fmt: skip
def test_every_algorithm_that_is_believed_verifies(private: Any, algorithm: str, kind: str) -> None:
    token = jwt.encode({"sub": "a"}, private, algorithm, {"kid": KEYS[kind]["kid"]})
    id, said = signed_with(token)
    key = key_for(KEYS.values(), id, said)
    assert key is not None
    assert jwt.decode(token, key, algorithms=[algorithm]) == {"sub": "a"}


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_secret_that_both_know_signs_nothing(algorithm: str) -> None:
    with pytest.raises(SignInNotValid):
        signed_with(jwt.encode({}, "s" * 64, algorithm))


@pytest.mark.parametrize("token", ["", "a", "a.b", "a.b.c", "é.é.é", "." * 1_000, "e30.e30."])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(SignInNotValid):
        signed_with(token)


@pytest.mark.parametrize(
    "changed",
    [{"use": "enc"}, {"alg": "PS256"}, {"kty": "oct", "k": "AAAA"}, {"kid": "other"}, {"n": "?"}],
    ids=str,
)
def test_a_key_for_something_else_verifies_nothing(changed: dict[str, Any]) -> None:
    assert key_for([KEYS["RSA"] | changed], "rsa", "RS256") is None


def test_a_token_without_a_key_id_is_of_the_only_key_that_fits() -> None:
    assert key_for(KEYS.values(), None, "RS256") is not None
    two = [KEYS["RSA"], KEYS["RSA"] | {"kid": "second"}]
    assert key_for(two, None, "RS256") is None
    assert key_for([], None, "RS256") is None


@pytest.mark.parametrize(
    ("listed", "groups"),
    [
        (["a", "b", "a"], {"a", "b"}), ("a b", {"a b"}), (None, set()), ({"a": 1}, set()),
        (True, set()), ([["a"], 1, "b"], {"b"}),
    ],
)  # fmt: skip
def test_groups_are_a_list_of_texts_or_one(listed: Any, groups: set[str]) -> None:
    assert person_in({"sub": "a", "roles": listed}, "roles").groups == groups
    assert person_in({"sub": "a", "roles": listed}, None).groups == frozenset()
