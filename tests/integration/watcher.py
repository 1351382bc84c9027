"""Whether what a scraper sees ever falls, through restarts of the daemon."""

import http.client
import threading
import time

from benchd import Scrape

GONE = (OSError, http.client.HTTPException, AssertionError)  # of a scrape: nobody answers, or ends in the middle


def counters(scrape, parent):
    """What must never fall: workloads', and those of each incarnation below `parent`, however named at the moment."""
    found = {}
    for (name, labels), value in scrape.samples.items():
        ours = dict(labels).get("id", "").startswith(parent.id) or name.startswith("benchd_workload_")
        if name.endswith("_total") and ours:
            known = tuple((key, text) for key, text in labels
                          if key not in ("name", "image") and not key.startswith("container_label_"))
            found[name, known] = value
    return found


class Watcher:
    """Remembers every counter that fell: between scrapes handed to look(), or, as a context manager, of its own scrapes,
    one after the other."""

    def __init__(self, daemon, parent):
        self.daemon, self.parent, self.highest, self.fallen, self.scrapes = daemon, parent, {}, [], 0
        self.newest = Scrape("")
        self.stopped = False
        self.thread = threading.Thread(target=self.watch, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.stopped = True
        self.thread.join()

    def watch(self):
        while not self.stopped:
            try:
                self.look(self.daemon.scrape())
            except GONE:
                time.sleep(0.005)
                continue
            time.sleep(0.01)

    def look(self, scrape):
        for series, value in counters(scrape, self.parent).items():
            if value < self.highest.get(series, 0):
                self.fallen.append((series, self.highest[series], value))
            self.highest[series] = value
        self.newest = scrape
        self.scrapes += 1
