{{/*
For other charts: leash as a native sidecar. A chart that has leash as a subchart hands its scope over:

  metadata:
    labels:
      {{- include "leash.sidecarLabels" .Subcharts.leash | nindent 8 }}
    annotations:
      {{- include "leash.sidecarAnnotations" .Subcharts.leash | nindent 8 }}
  spec:
    initContainers:
      {{- include "leash.sidecar" .Subcharts.leash | nindent 8 }}
    volumes:
      {{- include "leash.sidecarVolumes" .Subcharts.leash | nindent 8 }}
*/}}

{{/* For the pod's labels, so that the PodMonitor finds it. */}}
{{- define "leash.sidecarLabels" -}}
{{- include "leash.instanceLabel" . -}}
{{- end }}

{{/* For the pod's annotations: pods are started anew when the configuration changes. */}}
{{- define "leash.sidecarAnnotations" -}}
leash-cache.github.io/config-checksum: {{ include "leash.configChecksum" . }}
{{- end }}

{{/*
One element of initContainers; put it first, and the init containers after it can use the cache, too. Kubernetes starts
what comes after it once the startup probe succeeds, and ends it after the application. That is why it has no preStop
hook: it would run while the application still needs leash.
*/}}
{{- define "leash.sidecar" -}}
- {{ include "leash.container" . | nindent 2 | trim }}
  restartPolicy: Always
{{- end }}

{{/* Elements of volumes. */}}
{{- define "leash.sidecarVolumes" -}}
{{- include "leash.volumes" . -}}
{{- end }}
