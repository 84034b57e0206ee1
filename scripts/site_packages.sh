# Sourced by site.sh and site_check.sh: fetches what docs/requirements.txt pins into a folder of its own; sets PACKAGES.
# shellcheck shell=bash
requirements=$ROOT/docs/requirements.txt
python=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
PACKAGES=$TARGET/site-packages/python$python-$(sha256sum <"$requirements" | cut -c1-16)
if [ ! -d "$PACKAGES" ]; then
	rm -rf "$PACKAGES.part"
	python3 -m pip install --quiet --root-user-action=ignore --no-deps --only-binary=:all: \
		--target "$PACKAGES.part" -r "$requirements"
	mv "$PACKAGES.part" "$PACKAGES"
fi
