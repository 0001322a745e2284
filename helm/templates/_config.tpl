{{/*
leash's configuration file, and what the rest of the chart reads from it.
*/}}

{{/* The file. Only a listener is added where none is written: loopback beside an application, reachable behind a Service. */}}
{{- define "leash.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- if not $config.listen -}}
{{- $_ := set $config "listen" (list (dict "tcp" (ternary "127.0.0.1:11211" "0.0.0.0:11211" (eq .Values.mode "sidecar")))) -}}
{{- end -}}
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

{{/* The ports of all memcached servers, as a JSON list, each once. */}}
{{- define "leash.serverPorts" -}}
{{- $ports := list -}}
{{- range .Values.config.pools -}}
{{- range .servers -}}
{{- $address := ternary . (dig "address" "" (ternary (dict) . (kindIs "string" .))) (kindIs "string" .) -}}
{{- if not (or (eq $address "embedded") (hasPrefix "/" $address) (hasPrefix "unix:" $address)) -}}
{{- $ports = append $ports (regexFind "[0-9]+$" (regexFind ":[0-9]+$" $address | default ":11211") | int) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $ports | uniq | sortAlpha | toJson -}}
{{- end }}

{{/* What no schema can say: values that are right alone and wrong together. Rendered with the ConfigMap, in every mode. */}}
{{- define "leash.validate" -}}
{{- $v := .Values -}}
{{- if not $v.config.pools -}}
{{- fail "config.pools is empty: name your memcached servers, such as config.pools.main.servers: [\"memcached-0.memcached:11211\"]" -}}
{{- end -}}
{{- $admin := include "leash.admin" . -}}
{{- if regexMatch "^(127\\.|localhost:|\\[::1\\])" $admin -}}
{{- fail (printf "config.admin is %s, but the kubelet's probes come to the pod's address: write 0.0.0.0:11291, or [::]:11291 where pods have IPv6 addresses only" $admin) -}}
{{- end -}}
{{- if eq $v.mode "sidecar" -}}
{{- if $v.networkPolicy.enabled -}}
{{- fail "networkPolicy is for the modes daemonset and deployment: it covers whole pods, so beside a sidecar it belongs to the application's chart" -}}
{{- end -}}
{{- else -}}
{{- if $v.injection.enabled -}}
{{- fail (printf "injection is for mode sidecar, and mode is %s" $v.mode) -}}
{{- end -}}
{{- if not (include "leash.listenPort" .) -}}
{{- fail (printf "config.listen has only loopback addresses or sockets, which the Service of mode %s cannot reach: leave it out, or add - tcp: 0.0.0.0:11211" $v.mode) -}}
{{- end -}}
{{- end -}}
{{- end }}
