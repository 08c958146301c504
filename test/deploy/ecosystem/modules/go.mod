// The modules whose CRDs the examples are held against. Nothing is built: only their files are read.
module calendar-operator.io/test/ecosystem

go 1.24

require (
	github.com/fluxcd/kustomize-controller v1.7.3
	github.com/fluxcd/source-controller v1.9.0
	github.com/fluxcd/helm-controller v1.4.0
	github.com/external-secrets/external-secrets v1.3.2
	github.com/argoproj/argo-cd/v3 v3.5.0
	github.com/prometheus-operator/prometheus-operator v0.85.0
	sigs.k8s.io/gateway-api v1.6.0
)
