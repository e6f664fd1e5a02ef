"""The one thing that pyproject.toml cannot say: the kernel is compiled where a C compiler is, and skipped where not."""

from Cython.Build import cythonize
from setuptools import Extension, setup

LIMITED_API = "0x030b0000"  # Python 3.11: one compiled wheel a platform serves it and all later ones

kernel = Extension(
    "gotracer_ci.trace.kernel",
    ["gotracer_ci/trace/kernel.py"],
    define_macros=[("Py_LIMITED_API", LIMITED_API)],
    py_limited_api=True,
)
modules = cythonize([kernel], build_dir="build/cython", language_level=3)
for module in modules:
    module.optional = True  # without a C compiler the package works all the same; cythonize does not carry this over

setup(
    ext_modules=modules,
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
