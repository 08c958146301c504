#!/bin/sh
# The client file by Sealed Secrets: makes google-oauth-client.sealed.yaml, which only the cluster can open, and which may stand in Git.
#   examples/secrets/sealed-secret.sh client_secret.json
set -eu
kubectl create secret generic google-oauth-client --namespace booking \
  --from-file=client_secret.json="$1" --dry-run=client --output yaml |
  kubeseal --format yaml >google-oauth-client.sealed.yaml
