"""Runs in a container with a limit of threads: more processes and threads than it may have, again and again."""
import os
import threading
import time

while True:
    for _ in range(12):
        try:
            if os.fork() == 0:
                time.sleep(0.1)
                os._exit(0)
        except BlockingIOError:
            pass
    threads = [threading.Thread(target=time.sleep, args=(0.1,)) for _ in range(12)]
    for thread in threads:
        try:
            thread.start()
        except RuntimeError:
            pass
    try:
        while True:
            os.wait()
    except ChildProcessError:
        pass
    time.sleep(0.5)
