"""A producer or consumer of queues with clients in use: pymemcache or python-memcached. Says a line for each thing it hears,
and ends when its connection does.

Usage: worker.py produce|consume HOST:PORT NAME QUEUE QUEUES
"""

import itertools
import sys
import time

import memcache
from pymemcache.client.base import Client


def say(*words):
    print(*words, flush=True)


def produce(address, name, queue):
    client = Client(address, timeout=20)
    for number in itertools.count(1):
        # The part before the point tells the producer, and numbers of a program that is begun again go on.
        message = f"{name}-{number}-py"
        try:
            stored = client.set(f"q{queue}", message.encode(), noreply=False)
        except Exception:  # what went wrong is the business of the test
            stored = False
        say("stored" if stored else "refused", message)
        if not stored:
            time.sleep(0.05)


def consume(address, queues):
    client = memcache.Client([address], socket_timeout=20, dead_retry=0)
    for queue in itertools.count():
        key = f"q{queue % queues}"
        message = client.get(key)
        if message is None:
            say("idle")
            time.sleep(0.01)
            continue
        # Versions of python-memcached differ in what they make of a value without flags.
        message = message.decode() if isinstance(message, bytes) else message
        say("delivered", message)
        # It takes NOT_FOUND for success, too, and 0 for no answer.
        for _ in range(200):
            if client.delete(key):
                say("done", message)
                break
            time.sleep(0.02)


role, address, name, queue, queues = sys.argv[1:]
produce(address, name, queue) if role == "produce" else consume(address, int(queues))
