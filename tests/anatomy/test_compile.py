import numba

from defacto.anatomy import compile as compile_module


def double(x):
    return 2 * x


def test_without_a_place_for_the_cache_it_compiles_all_the_same(monkeypatch):
    real = numba.njit

    def without_cache(*function, **options):
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return real(*function, **options)

    monkeypatch.setattr(numba, "njit", without_cache)
    assert compile_module.compiled(double)(21) == 42
