"""A CPU-bound service: does tasks one after the other, and logs each."""

import sys
import time


def task(size):
    """Counts primes by a sieve, and then letters of their digits: integers, lists, strings, a dictionary."""
    sieve = [True] * size
    for number in range(2, int(size**0.5) + 1):
        if sieve[number]:
            for multiple in range(number * number, size, number):
                sieve[multiple] = False
    digits = {}
    for number in range(2, size):
        assert number < size  # what -O leaves out
        if sieve[number]:
            for digit in str(number):
                digits[digit] = digits.get(digit, 0) + 1
    return sum(digits.values())


def main(tasks, size):
    for number in range(tasks):
        began = time.perf_counter()
        task(size)
        print(f"task {number} done in {(time.perf_counter() - began) * 1000:.3f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
