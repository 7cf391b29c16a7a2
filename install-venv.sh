#!/bin/sh
# Debian and Ubuntu keep Python's venv module in a package of its own; bring it.
set -eu
python=$1
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
package="python$version-venv"
if ! command -v apt-get >/dev/null; then
  echo "Python's venv module is missing: install it, then run make again." >&2
  exit 1
fi
if [ "$(id -u)" -eq 0 ]; then
  run=""
elif command -v sudo >/dev/null; then
  run="sudo"
else
  echo "Python's venv module is missing: ask an administrator for 'apt-get install $package'." >&2
  exit 1
fi
echo "Installing $package, which Python needs to make virtual environments."
$run apt-get update -qq
$run apt-get install -y -qq "$package"
