{{/*
The volumes that the container mounts.
*/}}

{{- define "leash.volumes" -}}
- name: leash-config
{{- if .Values.existingSecret }}
  secret:
    secretName: {{ .Values.existingSecret }}
{{- else }}
  configMap:
    name: {{ default (include "leash.fullname" .) .Values.existingConfigMap }}
{{- end }}
{{- if include "leash.hasSocket" . }}
- name: leash-run
  emptyDir:
    medium: Memory
    sizeLimit: 1Mi
{{- end }}
{{- if include "leash.spoolDir" . }}
- name: leash-spool
  {{- toYaml (default (dict "emptyDir" (dict "sizeLimit" "256Mi")) .Values.spoolVolume) | nindent 2 }}
{{- end }}
{{- range $index, $file := .Values.secretFiles }}
- name: leash-secret-{{ $index }}
  secret:
    secretName: {{ $file.secret }}
    {{- with omit $file "secret" "mountPath" }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
