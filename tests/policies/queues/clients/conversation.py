"""What each client of Python does with a queue: it says what it hears, in lines."""

import time


def converse(queue, tells_of_nothing=True):
    first = queue()
    for message in ["one", "two"]:
        first.put(message)
    print(first.get() or "nothing")
    print(first.get() or "nothing")
    print("done" if first.done() else "not done")
    print(first.get() or "nothing")
    first.leave()
    # It was not done with that one, so the next client gets it.
    second, message = queue(), None
    end = time.monotonic() + 10
    while message is None and time.monotonic() < end:
        message = second.get()
    print(message or "nothing")
    print("done" if second.done() else "not done")
    print(second.get() or "nothing")
    if tells_of_nothing:
        print("done" if second.done() else "not done")
