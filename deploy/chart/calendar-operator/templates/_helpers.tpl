{{- define "podLabels" -}}
{{ include "selector" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: calendar-operator
{{- end -}}

{{- define "labels" -}}
{{ include "podLabels" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{- define "selector" -}}
app.kubernetes.io/name: calendar-operator
{{- end -}}

{{- define "image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- /* The rules of the shipped roles, by the name of the role. */ -}}
{{- define "rules" -}}
{{- get (.Files.Get "files/rules.yaml" | fromYaml) .role | toYaml -}}
{{- end -}}

{{- define "subjects" -}}
- kind: ServiceAccount
  name: calendar-operator
  namespace: {{ .Release.Namespace }}
{{- end -}}

{{- /* Where the sign-in pages are on the site's host. */ -}}
{{- define "signInPath" -}}
{{ index .Values.settings "web-path-prefix" | default "/google-calendar" }}/
{{- end }}
