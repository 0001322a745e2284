{{/*
How much memory the container needs: the sum of docs/operations/runbooks/high-memory.md, in MiB. Not what it takes on a
usual day, which is a tenth of that.
*/}}

{{/* resources, with a memory limit that has room for all that the configuration allows, unless one is written. */}}
{{- define "leash.resources" -}}
{{- $resources := deepCopy .Values.resources -}}
{{- $limits := default (dict) $resources.limits -}}
{{- if not (hasKey $limits "memory") -}}
{{- $requested := include "leash.mebibytes" (dig "requests" "memory" "0" $resources) | int64 -}}
{{- $needed := max (include "leash.neededMemory" . | int64) $requested -}}
{{- $_ := set $limits "memory" (printf "%dMi" (mul 16 (div (add $needed 15) 16))) -}}
{{- end -}}
{{- $_ := set $resources "limits" $limits -}}
{{- toYaml $resources -}}
{{- end }}

{{/*
The process, 1.25 times limits.memory, embedded stores, deletes that wait for every server at once, leases of routes that
refresh, places of ten million messages. `limits.memory: auto` is half of the limit without the stores, 1 GiB at most: so the rest has to fit into the other
0.375 parts of it, and 384 MiB are the least, which leave room for traffic.
*/}}
{{- define "leash.neededMemory" -}}
{{- $config := .Values.config -}}
{{- $stores := include "leash.storeBytes" . | int64 -}}
{{- $keys := dig "max_keys" 100000 (default (dict) $config.spool) | int64 -}}
{{- $waiting := mul (include "leash.serverCount" . | int64) $keys 200 -}}
{{- $rest := add 20 (include "leash.wholeMebibytes" $waiting | int64) -}}
{{- range $config.routes -}}
{{- if .refresh -}}{{- $rest = add $rest 50 -}}{{- break -}}{{- end -}}
{{- end -}}
{{- if include "leash.queueDirs" . | fromJsonArray -}}{{- $rest = add $rest 128 -}}{{- end -}}
{{- $stores = include "leash.wholeMebibytes" $stores | int64 -}}
{{- $memory := dig "memory" "auto" (default (dict) $config.limits) -}}
{{- if eq (toString $memory) "auto" -}}
{{- max 384 (add $stores (min (div (mul $rest 8) 3) (add $rest 1280))) -}}
{{- else -}}
{{- $buffers := include "leash.wholeMebibytes" (include "leash.bytes" $memory | int64) | int64 -}}
{{- add $rest $stores (div (add (mul $buffers 5) 3) 4) -}}
{{- end -}}
{{- end }}

{{/* The bytes of all embedded stores, that of a gutter without a pool of its own among them. */}}
{{- define "leash.storeBytes" -}}
{{- $bytes := 0 -}}
{{- $gutter := false -}}
{{- range $name, $pool := .Values.config.pools -}}
{{- if has "embedded" (include "leash.addresses" $pool | fromJsonArray) -}}
{{- $bytes = add $bytes (include "leash.bytes" (dig "embedded" "max_bytes" "64MiB" $pool) | int64) -}}
{{- end -}}
{{- $down := ternary $pool.on_down (dict) (kindIs "map" $pool.on_down) -}}
{{- $named := ternary (dict "pool" $down.gutter) $down.gutter (kindIs "string" $down.gutter) -}}
{{- if eq (dig "pool" "" (default (dict) $named)) "embedded" -}}{{- $gutter = true -}}{{- end -}}
{{- end -}}
{{- if and $gutter (not (hasKey .Values.config.pools "embedded")) -}}
{{- $bytes = add $bytes (include "leash.bytes" "64MiB" | int64) -}}
{{- end -}}
{{- $bytes -}}
{{- end }}

{{/* How many servers there are that deletes may have to wait for. */}}
{{- define "leash.serverCount" -}}
{{- $count := 0 -}}
{{- range .Values.config.pools -}}
{{- $count = add $count (len (without (include "leash.addresses" . | fromJsonArray) "embedded")) -}}
{{- end -}}
{{- $count -}}
{{- end }}

{{/* A size as it was written: YAML makes a large number of plain bytes a float. */}}
{{- define "leash.written" -}}
{{- if kindIs "string" . }}{{ . }}{{ else }}{{ printf "%.0f" (float64 .) }}{{ end -}}
{{- end }}

{{/* The bytes of a size of leash's configuration. */}}
{{- define "leash.bytes" -}}
{{- $text := include "leash.written" . -}}
{{- $factors := dict "" 1 "KiB" 1024 "MiB" 1048576 "GiB" 1073741824 "TiB" 1099511627776 -}}
{{- mul (regexFind "^[0-9]+" $text | int64) (get $factors (regexFind "[A-Za-z]*$" $text)) -}}
{{- end }}

{{/* Bytes as MiB, rounded up. */}}
{{- define "leash.wholeMebibytes" -}}
{{- div (add . 1048575) 1048576 -}}
{{- end }}

{{/* A quantity of Kubernetes as MiB, rounded up. */}}
{{- define "leash.mebibytes" -}}
{{- $text := include "leash.written" . -}}
{{- $factors := dict "" 1 "k" 1000 "Ki" 1024 "M" 1000000 "Mi" 1048576 "G" 1000000000 "Gi" 1073741824 "T" 1000000000000 "Ti" 1099511627776 -}}
{{- $bytes := mulf (regexFind "^[0-9.]+" $text | float64) (get $factors (regexFind "[A-Za-z]*$" $text) | default 1) -}}
{{- include "leash.wholeMebibytes" (ceil $bytes | int64) -}}
{{- end }}
