"""A queue by pymemcache. Usage: FILE HOST:PORT"""

import sys

# This file has the name of the library.
sys.path.append(sys.path.pop(0))

from pymemcache.client.base import Client

from conversation import converse


class Queue:
    def __init__(self):
        self.client = Client(sys.argv[1], default_noreply=False, timeout=10)

    def put(self, message):
        assert self.client.set("mail", message)

    def get(self):
        message = self.client.get("mail")
        return message and message.decode()

    def done(self):
        return self.client.delete("mail")

    def leave(self):
        self.client.close()


converse(Queue)
