#!/usr/bin/env bash
# The Python client: types, style, the wheel, and its tests on a private server of PG_CONFIG. Arguments go to pytest.
# PYTHON is the interpreter, python3 unless said; what the tests need comes from PyPI, as the client's
# requirements-test.txt pins it, into target/python.
source "$(dirname "$0")/common.sh"
use_server
client=$ROOT/clients/python
python=${PYTHON:-python3}

version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
venv=$TARGET/python/venv$version-$(sha256sum <"$client/requirements-test.txt" | cut -c1-16)
if [ ! -d "$venv" ]; then
	rm -rf "$venv.part"
	"$python" -m venv "$venv.part"
	"$venv.part/bin/python" -m pip install --quiet --no-deps --only-binary=:all: -r "$client/requirements-test.txt"
	mv "$venv.part" "$venv"
fi
# A venv that was moved has programs that name its old place: only its interpreter is called.
run() { "$venv/bin/python" -m "$@"; }

cd "$client"
run ruff check --quiet --cache-dir "$TARGET/python/ruff"
run ruff format --quiet --check --cache-dir "$TARGET/python/ruff"
run mypy --cache-dir "$TARGET/python/mypy"

# The tests run what users install, not the sources.
rm -rf "$TARGET/python/wheel"
run build --wheel --no-isolation --outdir "$TARGET/python/wheel" >/dev/null
run pip install --quiet --no-deps --force-reinstall "$TARGET"/python/wheel/*.whl
run pytest -q -p no:cacheprovider "$@"
