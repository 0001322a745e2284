// Where gomemcache puts keys, and a pool that it fills. A pool's servers are numeric addresses: it looks up others.
// Usage: place < KEYS (no server is needed), or warm COUNT HOST:PORT...
package main

import (
	"bufio"
	"fmt"
	"log"
	"net/url"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/bradfitz/gomemcache/memcache"
)

var pools = [][]string{
	{"10.0.0.1:11211"},
	{"10.0.0.1:22122", "10.0.0.1:22123"},
	{"10.0.0.1:11211", "10.0.0.2:11211", "10.0.0.3:11211"},
	{"10.0.0.3:11211", "10.0.0.1:11211", "10.0.0.2:11211"},
	{"10.0.0.1:11211", "10.0.0.2:22122", "[::1]:22122", "10.0.0.4:1", "10.0.0.5:2", "10.0.0.6:3", "10.0.0.7:4", "10.0.0.8:65535"},
}

func place() {
	lists := make([]memcache.ServerList, len(pools))
	fmt.Printf("# Where gomemcache %s puts keys; made by tests/routing/hashes/gomemcache\n", version())
	for n, pool := range pools {
		must(lists[n].SetServers(pool...))
		fmt.Printf("pool {hash: modula, key_hash: crc32a, servers: [\"%s\"]}\n", strings.Join(pool, `", "`))
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		key, err := url.PathUnescape(lines.Text())
		must(err)
		fmt.Print(lines.Text())
		for n := range lists {
			address, err := lists[n].PickServer(key)
			must(err)
			fmt.Printf("\t%d", index(pools[n], address.String()))
		}
		fmt.Println()
	}
}

func warm(count string, servers []string) {
	client := memcache.New(servers...)
	last, err := strconv.Atoi(count)
	must(err)
	for number := 0; number < last; number++ {
		text := strconv.Itoa(number)
		must(client.Set(&memcache.Item{Key: "key:" + text, Value: []byte(text)}))
	}
}

func index(pool []string, address string) int {
	for place, server := range pool {
		if server == address {
			return place
		}
	}
	panic(address)
}

func version() string {
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if strings.HasSuffix(module.Path, "/gomemcache") {
			return module.Version
		}
	}
	return "?"
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	if os.Args[1] == "warm" {
		warm(os.Args[2], os.Args[3:])
	} else {
		place()
	}
}
