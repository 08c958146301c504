#!/bin/sh
# The client file with Sealed Secrets: makes google-oauth-client.sealed.yaml, which only the cluster can decrypt. It can be committed.
#   examples/secrets/sealed-secret.sh client_secret.json
set -eu
kubectl create secret generic google-oauth-client --namespace booking \
  --from-file=client_secret.json="$1" --dry-run=client --output yaml |
  kubeseal --format yaml >google-oauth-client.sealed.yaml
