"""Runs in a container with a small limit of memory and some swap: more of each kind of memory than fits, again and again."""
import mmap
import time

MIB = 1 << 20
PRIVATE = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS


def touch(memory):
    for offset in range(0, len(memory), mmap.PAGESIZE):
        memory[offset] = 1


def main():
    with open("/data/file", "wb") as file:
        for _ in range(16):
            file.write(bytes(MIB))
    private = mmap.mmap(-1, 16 * MIB, flags=PRIVATE)
    shared = mmap.mmap(-1, 4 * MIB)
    while True:
        touch(private)
        touch(shared)
        with open("/data/file", "rb") as file:
            while file.read(MIB):
                pass
            mapped = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
            sum(mapped[::mmap.PAGESIZE])
        lazy = mmap.mmap(-1, 4 * MIB, flags=PRIVATE)
        touch(lazy)
        lazy.madvise(mmap.MADV_FREE)
        lazy.close()
        mapped.close()
        time.sleep(0.5)


main()
