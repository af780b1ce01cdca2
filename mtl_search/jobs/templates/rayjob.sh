# shellcheck shell=sh
# A retry has a new Ray cluster, finds the folder of the sweep on the volume, and goes on.
if [ -s "$2/journal.jsonl" ]; then
  set -- "$@" --resume
fi
exec mtl-search run /config/sweep.yaml --address auto "$@"
