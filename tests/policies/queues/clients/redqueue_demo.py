"""The demo of RedQueue's README, as it stands there; what it would show in a shell is printed. Usage: FILE HOST:PORT"""

import sys

import memcache

mc = memcache.Client([sys.argv[1]])
print(mc.set('abc', 123))
print(mc.set('config:reserv', 1))
print(mc.get('abc'))
print(mc.get('abc'))  # It must be None
print(mc.delete('abc'))
