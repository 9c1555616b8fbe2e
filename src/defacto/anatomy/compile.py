"""numba's compiler, with a cache on disk wherever one can be had."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """Compile a function on its first call, and keep the machine code for later runs.

    The cache lies beside the source or, where that is read-only, in the user's cache folder; without either
    the function is compiled anew in each process.
    """
    return _compiled(function, parallel=False)


def compiled_parallel(function: Function) -> Function:
    """Compile a function as `compiled` does, its ``numba.prange`` loops running on all threads."""
    return _compiled(function, parallel=True)


def _compiled(function: Function, *, parallel: bool) -> Function:
    """Compile without ``fastmath``: with it, code just compiled and the same code from the cache differ."""
    try:
        return cast("Function", numba.njit(cache=True, nogil=True, parallel=parallel)(function))
    except RuntimeError:
        return cast("Function", numba.njit(nogil=True, parallel=parallel)(function))
