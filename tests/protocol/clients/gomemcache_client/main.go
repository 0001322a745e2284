// gomemcache, text protocol. It says what it was answered, as python/transcript.py does; a conversation gives back what it
// goes on with when time has passed. Usage: gomemcache_client HOST:PORT...
package main

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"os"
	"regexp"
	"sort"
	"strings"
	"time"

	"github.com/bradfitz/gomemcache/memcache"
)

var address = regexp.MustCompile(`127\.0\.0\.1:\d+`)

func say(question string, answer interface{}) {
	text := address.ReplaceAllString(fmt.Sprint(answer), "SERVER")
	if len(text) > 240 {
		text = fmt.Sprintf("%d bytes, %08x", len(text), crc32.ChecksumIEEE([]byte(text)))
	}
	fmt.Printf("%s: %s\n", question, text)
}

func ask(question string, err error) { say(question, err) }

// An item without its unique, which is another one each time.
func got(question string, item *memcache.Item, err error) {
	if err != nil {
		say(question, err)
		return
	}
	say(question, fmt.Sprintf("%q flags %d unique %t", item.Value, item.Flags, item.CasID > 0 && item.CasID < 1<<53))
}

func item(key string, value string) *memcache.Item {
	return &memcache.Item{Key: key, Value: []byte(value)}
}

func many() []string {
	keys := make([]string, 1000)
	for n := range keys {
		keys[n] = fmt.Sprintf("many:%s:%d", strings.Repeat("x", 80), n)
	}
	return keys
}

func several(question string, found map[string]*memcache.Item, err error) {
	keys := make([]string, 0, len(found))
	for key, item := range found {
		keys = append(keys, fmt.Sprintf("%s=%s", key, item.Value))
	}
	sort.Strings(keys)
	say(question, fmt.Sprint(keys, err))
}

func usual(client *memcache.Client) {
	get := func(question, key string) {
		item, err := client.Get(key)
		got(question, item, err)
	}
	ask("Set", client.Set(item("a", "1")))
	get("Get", "a")
	get("Get of nothing", "none")
	ask("Set with flags", client.Set(&memcache.Item{Key: "b", Value: []byte("2"), Flags: 2_147_483_647, Expiration: 100}))
	get("Get with flags", "b")
	ask("Set with all flags", client.Set(&memcache.Item{Key: "flags", Value: []byte("x"), Flags: 4_294_967_295}))
	get("Get with all flags", "flags")
	found, err := client.GetMulti([]string{"a", "b", "none"})
	several("GetMulti", found, err)
	ask("Add to something", client.Add(item("a", "x")))
	ask("Add", client.Add(item("new", "x")))
	ask("Replace", client.Replace(item("a", "1+")))
	ask("Replace of nothing", client.Replace(item("none", "x")))
	ask("Append", client.Append(item("a", ">")))
	ask("Prepend", client.Prepend(item("a", "<")))
	ask("Append to nothing", client.Append(item("none", "x")))
	get("Get of what was put together", "a")
	ask("Set n", client.Set(item("n", "10")))
	number := func(question string, number uint64, err error) { say(question, fmt.Sprint(number, err)) }
	for _, step := range []struct {
		question string
		call     func(string, uint64) (uint64, error)
		key      string
		delta    uint64
	}{
		{"Increment", client.Increment, "n", 5},
		{"Decrement below zero", client.Decrement, "n", 20},
		{"Increment of nothing", client.Increment, "none", 1},
		{"Increment of a word", client.Increment, "a", 1},
	} {
		value, err := step.call(step.key, step.delta)
		number(step.question, value, err)
	}
	if held, err := client.Get("b"); err == nil {
		held.Value = []byte("22")
		ask("CompareAndSwap", client.CompareAndSwap(held))
		ask("CompareAndSwap that lost", client.CompareAndSwap(held))
		ask("Delete before it", client.Delete("b"))
		ask("CompareAndSwap of nothing", client.CompareAndSwap(held))
	}
	ask("Touch", client.Touch("a", 100))
	ask("Touch of nothing", client.Touch("none", 100))
	touched, err := client.GetAndTouch("a", 100)
	got("GetAndTouch", touched, err)
	_, err = client.GetAndTouch("none", 100)
	ask("GetAndTouch of nothing", err)
	ask("Delete", client.Delete("a"))
	ask("Delete of nothing", client.Delete("a"))
	ask("Set that is gone at once", client.Set(&memcache.Item{Key: "gone", Value: []byte("x"), Expiration: -1}))
	get("Get of what is gone", "gone")
	ask("Set of nothing", client.Set(item("empty", "")))
	get("Get of nothing", "empty")
}

func atLimits(client *memcache.Client) {
	large := bytes.Repeat([]byte("0123456789\r\n"), 75_000)
	ask("Set of a large value", client.Set(&memcache.Item{Key: "large", Value: large}))
	held, err := client.Get("large")
	got("Get of a large value", held, err)
	ask("Set of one too large", client.Set(&memcache.Item{Key: "large", Value: make([]byte, 2<<20)}))
	held, err = client.Get("large")
	got("Get of what was too large", held, err)
	ask("Set with a key too long", client.Set(item(strings.Repeat("k", 251), "x")))
	ask("Set with a space", client.Set(item("with space", "x")))
	for _, key := range many() {
		if err := client.Set(item(key, key[86:])); err != nil {
			ask("Set of many", err)
		}
	}
	found, err := client.GetMulti(many())
	several("GetMulti of many", found, err)
	for _, key := range many() {
		if err := client.Delete(key); err != nil {
			ask("Delete of many", err)
		}
	}
	found, err = client.GetMulti(many())
	several("GetMulti of nothing", found, err)
	ask("Ping", client.Ping())
}

func conversation(address string) func() {
	client := memcache.New(address)
	client.Timeout = 5 * time.Second
	usual(client)
	atLimits(client)
	ask("Set for a second", client.Set(&memcache.Item{Key: "second", Value: []byte("x"), Expiration: 1}))
	return func() {
		held, err := client.Get("second")
		got("Get after a second", held, err)
		ask("flush_all", client.FlushAll())
		held, err = client.Get("new")
		got("Get after flush_all", held, err)
		ask("Close", client.Close())
	}
}

func main() {
	var rest []func()
	for number, address := range os.Args[1:] {
		fmt.Printf("== %d\n", number)
		rest = append(rest, conversation(address))
	}
	if len(rest) > 0 {
		time.Sleep(2500 * time.Millisecond)
	}
	for number, goOn := range rest {
		fmt.Printf("== %d\n", number)
		goOn()
	}
}
