{{/*
What a PodMonitor and a ServiceMonitor have in common: dict "root" $ "monitor" .Values.podMonitor.
*/}}

{{/* The metadata of the monitor itself. */}}
{{- define "leash.monitorMetadata" }}
  name: {{ include "leash.fullname" .root }}
  labels:
    {{- include "leash.labels" .root | nindent 4 }}
    {{- with .monitor.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- include "leash.annotations" (dict "root" .root "own" .monitor.annotations) }}
{{- end }}

{{/* How each endpoint is scraped. */}}
{{- define "leash.endpoint" -}}
port: leash-admin
path: /metrics
{{- with pick .monitor "interval" "scrapeTimeout" "relabelings" "metricRelabelings" }}
{{- range $name, $value := . }}
{{- with $value }}
{{ toYaml (dict $name .) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* What holds for the monitor as a whole. */}}
{{- define "leash.monitorLimits" -}}
{{- with .monitor.sampleLimit }}
  sampleLimit: {{ . | int }}
{{- end }}
{{- end }}
