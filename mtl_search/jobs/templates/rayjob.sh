# shellcheck shell=sh
# A retry has a new Ray cluster, finds the folder of the sweep on the volume, and goes on.
if [ -s "$2/journal.jsonl" ]; then
  set -- "$@" --resume
fi
# The config is a mounted file: whoever wrote these manifests has consented to its code.
exec mtl-search run /config/sweep.yaml --trust-code --address auto "$@"
