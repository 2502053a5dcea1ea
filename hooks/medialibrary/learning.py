"""Learns term vectors from the titles of a library.

Two ways lead to the same table of term vectors. With scikit-learn (`pip install aperture-plugin[library]`)
terms that occur in like plots come to lie close together: *lsa*, a truncated singular value
decomposition of the TF-IDF matrix. Without it each term is given a direction of its own by its hash:
*hashing*, which sees that two plots share words, but not that lighthouse and harbour go together.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from typing import Final

from .terms import terms_of
from .vectors import TermVectors

__all__ = ["HASHING", "LSA", "Model", "best_kind", "learn"]

LSA: Final = "lsa"
HASHING: Final = "hashing"

_FEWEST_TEXTS: Final = 50
"""The fewest texts for a decomposition."""

_HASHED_ROOM: Final = 16
"""How many times the dimensions hashed directions need to be nearly orthogonal."""


@dataclass(frozen=True, slots=True)
class Model:
    """Term vectors, and the way they were learned."""

    kind: str
    terms: TermVectors


def best_kind(texts: Sequence[str], dimensions: int) -> str:
    """Return the best kind of model for *texts* that this machine can compute."""
    has_enough = len(texts) >= _FEWEST_TEXTS and len({term for text in texts for term in terms_of(text)}) > dimensions
    return LSA if has_enough and find_spec("sklearn") is not None else HASHING


def learn(texts: Sequence[str], dimensions: int) -> Model:
    """Learn the vectors of all terms in *texts*; the same texts give the same vectors.

    Args:
        dimensions: How many numbers *lsa* describes a term with; *hashing* takes sixteen times as many.
    """
    if best_kind(texts, dimensions) == LSA:
        return Model(LSA, _by_decomposition(texts, dimensions))
    return Model(HASHING, _by_hash(texts, dimensions * _HASHED_ROOM))


def _by_decomposition(texts: Sequence[str], dimensions: int) -> TermVectors:
    # Imported here, by name: it takes a second, and is there only with the extra.
    text = import_module("sklearn.feature_extraction.text")
    decomposition = import_module("sklearn.decomposition")
    vectorizer = text.TfidfVectorizer(analyzer=terms_of, sublinear_tf=True)
    matrix = vectorizer.fit_transform(texts)
    svd = decomposition.TruncatedSVD(n_components=dimensions, random_state=0)
    svd.fit(matrix)
    weighted = (svd.components_ * vectorizer.idf_).T.tolist()
    return {str(term): weighted[column] for term, column in vectorizer.vocabulary_.items()}


def _by_hash(texts: Sequence[str], dimensions: int) -> TermVectors:
    held_by = Counter(term for text in texts for term in set(terms_of(text)))
    rarity = {term: math.log((1 + len(texts)) / (1 + count)) + 1 for term, count in held_by.items()}
    scale = 1 / math.sqrt(dimensions)
    return {
        term: [weight * scale if bit else -weight * scale for bit in _bits_of(term, dimensions)]
        for term, weight in sorted(rarity.items())
    }


def _bits_of(term: str, count: int) -> list[bool]:
    digest = hashlib.shake_256(term.encode()).digest(-(-count // 8))
    return list(islice((bool(byte >> bit & 1) for byte in digest for bit in range(8)), count))
