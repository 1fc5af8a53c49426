#!/usr/bin/env bash
# Fetches NiiVue, and the licences of what is bundled in it, again from the package registry.
set -euo pipefail
cd "$(dirname "$0")/static/vendor"
packages=(
  @niivue/niivue@0.69.0
  @lukeed/uuid@2.0.1 @ungap/structured-clone@1.4.0 array-equal@1.0.2 fflate@0.8.3
  gl-matrix@3.4.4 nifti-reader-js@0.8.0 numcodecs@0.3.2 zarrita@0.5.4 @zarrita/storage@0.1.4
)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
: > "$scratch/LICENSES.txt"
for package in "${packages[@]}"; do
  archive=$(npm pack --silent --pack-destination "$scratch" "$package")
  mkdir "$scratch/one"
  tar -xzf "$scratch/$archive" -C "$scratch/one" --strip-components 1
  if [ "$package" = "${packages[0]}" ]; then
    cp "$scratch/one/dist/niivue.umd.js" "$scratch/niivue.umd.js"
  else
    { printf '%s\n\n' "== $package"; cat "$scratch"/one/[Ll][Ii][Cc][Ee][Nn][SsCc][Ee]*; echo; } >> "$scratch/LICENSES.txt"
  fi
  rm -r "$scratch/one"
done
cp "$scratch/niivue.umd.js" "$scratch/LICENSES.txt" .
sha256sum --check SHA256SUMS
