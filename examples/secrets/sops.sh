#!/bin/sh
# The client file with SOPS: makes google-oauth-client.sops.yaml, whose values only the holder of the age key can decrypt. It can
# be committed. Flux decrypts it (spec.decryption of examples/flux/booking.yaml).
#   examples/secrets/sops.sh client_secret.json age1…
set -eu
kubectl create secret generic google-oauth-client --namespace booking \
  --from-file=client_secret.json="$1" --dry-run=client --output yaml |
  sops encrypt --age "$2" --encrypted-regex '^(data|stringData)$' --input-type yaml --output-type yaml /dev/stdin \
    >google-oauth-client.sops.yaml
