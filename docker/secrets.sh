#!/bin/sh
# Make the secrets of compose.yaml in docker/secrets, each 32 random bytes as hex. One that is there already stays: the
# password is in the database, too.
#
# The folder is closed to everyone else. The files in it are readable, because containers see them as they are on the
# host, and their users have other numbers than yours.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
chmod 700 secrets
for name in ray_token postgres_password; do
  [ -s "secrets/$name" ] && continue
  head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"secrets/$name"
  chmod 444 "secrets/$name"
done
echo "Secrets are in $PWD/secrets. For commands outside of the containers:"
echo "  export RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH=$PWD/secrets/ray_token"
