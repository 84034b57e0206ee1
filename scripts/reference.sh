#!/usr/bin/env bash
# Compares with what other programs compute: fetches them from PyPI, as tests/reference/requirements.txt pins them, into
# a folder of their own. REFERENCE_CASES is the number of fusions of each kind, 1000 unless said; numba compiles ranx in
# the first run, which takes two minutes more.
source "$(dirname "$0")/common.sh"
cd "$ROOT"

requirements=tests/reference/requirements.txt
python=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
packages=$TARGET/reference/python$python-$(sha256sum <$requirements | cut -c1-16)
if [ ! -d "$packages" ]; then
	rm -rf "$packages.part"
	python3 -m pip install --quiet --no-deps --only-binary=:all: --target "$packages.part" -r $requirements
	mv "$packages.part" "$packages"
fi
export REFERENCE_PACKAGES=$packages
exec scripts/integration.sh reference
