{{/*
leash's configuration file, and what the rest of the chart reads from it.
*/}}

{{/* The file. Only a listener is added where none is written: loopback beside an application, reachable behind a Service. */}}
{{- define "leash.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- if not $config.listen -}}
{{- $_ := set $config "listen" (list (dict "tcp" (ternary "127.0.0.1:11211" "0.0.0.0:11211" (eq .Values.mode "sidecar")))) -}}
{{- end -}}
{{- if not $config.pools -}}{{- $_ := unset $config "pools" -}}{{- end -}}
{{- toYaml $config -}}
{{- end }}

{{/* Changes when pods must be started anew to use the configuration: leash takes over everything else while it runs. */}}
{{- define "leash.configChecksum" -}}
{{- $config := include "leash.config" . | fromYaml -}}
{{- $fixed := pick $config "listen" "workers" -}}
{{- $_ := set $fixed "admin" (include "leash.admin" .) -}}
{{- $_ := set $fixed "logFormat" (dig "format" "auto" (default (dict) $config.log)) -}}
{{- with include "leash.spoolDir" . -}}
{{- $_ := set $fixed "spoolDir" . -}}
{{- end -}}
{{- with coalesce .Values.existingConfigMap .Values.existingSecret -}}
{{- $_ := set $fixed "existing" . -}}
{{- end -}}
{{- toYaml $fixed | sha256sum -}}
{{- end }}

{{/* The admin address, which may be written alone or with what its pages may show. */}}
{{- define "leash.admin" -}}
{{- ternary .Values.config.admin (dig "address" "" (ternary (dict) .Values.config.admin (kindIs "string" .Values.config.admin))) (kindIs "string" .Values.config.admin) -}}
{{- end }}

{{- define "leash.adminPort" -}}
{{- regexFind "[0-9]+$" (include "leash.admin" .) -}}
{{- end }}

{{/* The port of the first TCP listener that is not loopback; empty if there is none. */}}
{{- define "leash.listenPort" -}}
{{- $port := "" -}}
{{- range (include "leash.config" . | fromYaml).listen -}}
{{- if and .tcp (not $port) (not (regexMatch "^(127\\.|localhost:|\\[::1\\])" .tcp)) -}}
{{- $port = regexFind "[0-9]+$" .tcp -}}
{{- end -}}
{{- end -}}
{{- $port -}}
{{- end }}

{{/* The port of the first TCP listener, on any address; empty if there are only sockets. */}}
{{- define "leash.tcpPort" -}}
{{- $port := "" -}}
{{- range (include "leash.config" . | fromYaml).listen -}}
{{- $port = $port | default (regexFind "[0-9]+$" (default "" .tcp)) -}}
{{- end -}}
{{- $port -}}
{{- end }}

{{/* "true" if leash listens on a unix socket, which needs a directory it may write to. */}}
{{- define "leash.hasSocket" -}}
{{- range .Values.config.listen -}}{{- if .unix -}}true{{- end -}}{{- end -}}
{{- end }}

{{/* Where deletes survive a restart; empty if that is nowhere. */}}
{{- define "leash.spoolDir" -}}
{{- dig "dir" "" (default (dict) .Values.config.spool) -}}
{{- end }}

{{/* The directories of queues, as a JSON list. */}}
{{- define "leash.queueDirs" -}}
{{- $dirs := list -}}
{{- range .Values.config.routes -}}
{{- with .queue -}}{{- with .dir -}}{{- $dirs = append $dirs . -}}{{- end -}}{{- end -}}
{{- end -}}
{{- $dirs | toJson -}}
{{- end }}

{{/* "true" if every key is the name of a queue. */}}
{{- define "leash.hasOnlyQueues" -}}
{{- $only := not (empty .Values.config.routes) -}}
{{- range .Values.config.routes -}}{{- if not .queue -}}{{- $only = false -}}{{- end -}}{{- end -}}
{{- if $only -}}true{{- end -}}
{{- end }}

{{/* The addresses of a pool's servers, as a JSON list. */}}
{{- define "leash.addresses" -}}
{{- $addresses := list -}}
{{- if kindIs "slice" .servers -}}
{{- range .servers -}}
{{- $addresses = append $addresses (ternary . (dig "address" "" (ternary (dict) . (kindIs "string" .))) (kindIs "string" .)) -}}
{{- end -}}
{{- end -}}
{{- $addresses | toJson -}}
{{- end }}

{{/* The ports of all memcached servers, as a JSON list, each once. */}}
{{- define "leash.serverPorts" -}}
{{- $ports := list -}}
{{- range .Values.config.pools -}}
{{- range include "leash.addresses" . | fromJsonArray -}}
{{- if not (or (eq . "embedded") (hasPrefix "/" .) (hasPrefix "unix:" .)) -}}
{{- $ports = append $ports (regexFind "[0-9]+$" (regexFind ":[0-9]+$" . | default ":11211") | int) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $ports | uniq | sortAlpha | toJson -}}
{{- end }}
