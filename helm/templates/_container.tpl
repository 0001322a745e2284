{{/*
The container, the same wherever it runs.
*/}}

{{- define "leash.container" -}}
name: leash
image: {{ include "leash.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
args:
  - --config
  - /etc/leash/leash.yaml
  {{- with .Values.extraArgs }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
env:
  # The image listens on every address; here the file says where.
  - name: LEASH_LISTEN
    value: ""
  {{- if or .Values.existingConfigMap .Values.existingSecret }}
  # The chart cannot read that file, and its probes come here.
  - name: LEASH_ADMIN
    value: {{ include "leash.admin" . | quote }}
  {{- end }}
  {{- with .Values.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
ports:
  - name: leash-admin
    containerPort: {{ include "leash.adminPort" . }}
    protocol: TCP
  {{- if ne .Values.mode "sidecar" }}
  - name: memcached
    containerPort: {{ include "leash.listenPort" . }}
    protocol: TCP
  {{- end }}
{{- range $name, $page := dict "startupProbe" "/readyz" "readinessProbe" "/readyz" "livenessProbe" "/livez" }}
{{ $name }}:
  httpGet:
    path: {{ $page }}
    port: {{ include "leash.adminPort" $ }}
  {{- with get $.Values $name }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
resources:
  {{- include "leash.resources" . | nindent 2 }}
{{- with .Values.securityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumeMounts:
  - name: leash-config
    mountPath: /etc/leash
    readOnly: true
  {{- if include "leash.hasSocket" . }}
  - name: leash-run
    mountPath: /run/leash
  {{- end }}
  {{- with include "leash.spoolDir" . }}
  - name: leash-spool
    mountPath: {{ . | quote }}
  {{- end }}
  {{- if eq .Values.mode "holders" }}
  - name: leash-queues
    mountPath: {{ .Values.queueVolume.mountPath | quote }}
  {{- end }}
  {{- range $index, $file := .Values.secretFiles }}
  - name: leash-secret-{{ $index }}
    mountPath: {{ $file.mountPath | quote }}
    readOnly: true
  {{- end }}
  {{- with .Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
