"""A queue by python-memcached. Usage: FILE HOST:PORT"""

import sys

import memcache

from conversation import converse


class Queue:
    def __init__(self):
        self.client = memcache.Client([sys.argv[1]])

    def put(self, message):
        assert self.client.set("mail", message)

    def get(self):
        return self.client.get("mail")

    def done(self):
        # True as well where there was nothing: it knows no difference.
        return self.client.delete("mail")

    def leave(self):
        self.client.disconnect_all()


converse(Queue, tells_of_nothing=False)
