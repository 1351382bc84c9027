/// Does work of which it says itself how long it took: a truth beside what benchd says, from other sources.
///
///   known_work CGROUP burn THREADS MILLISECONDS CPU    on that cpu (-1: any), by the wall clock
///   known_work CGROUP sleep THREADS MILLISECONDS       each thread, in naps of 10 ms
///   known_work CGROUP read FILE MILLISECONDS           4 KiB at a time past the page cache
///   known_work CGROUP allocate MIB                     touched, then gone
///   known_work CGROUP pingpong TRIPS CPU               a byte there and back through pipes, between two threads
///
/// It enters the cgroup itself, so that its own start is in nobody's account. Prints a line for each thread:
/// nanoseconds that it lived, and of them those on a cpu by its own clock; for `read` a third, those in read(), and a
/// fourth, those of waiting for disks by the kernel's account, in steps of 10 ms; the main thread first.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

namespace {

int64_t clock_ns(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

struct Account {
  int64_t begin = clock_ns(CLOCK_BOOTTIME);
  int64_t on_cpu_before = clock_ns(CLOCK_THREAD_CPUTIME_ID);
  int64_t lived = 0;
  int64_t on_cpu = 0;
  int64_t reading = 0;
  int64_t on_disk = 0;

  void close() {
    lived = clock_ns(CLOCK_BOOTTIME) - begin;
    on_cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID) - on_cpu_before;
  }
};

void burn(int64_t until) {
  while (clock_ns(CLOCK_BOOTTIME) < until) {
  }
}

void nap(int64_t until) {
  while (clock_ns(CLOCK_BOOTTIME) < until) ::usleep(10'000);
}

/// proc(5), /proc/PID/stat: delayacct_blkio_ticks is the 42nd field, the 40th after the name.
int64_t waited_for_disks() {
  std::ifstream stat("/proc/thread-self/stat");
  std::string word;
  std::getline(stat, word, ')');
  for (int field = 3; field <= 42; ++field) stat >> word;
  return std::strtoll(word.c_str(), nullptr, 10) * 1'000'000'000 / ::sysconf(_SC_CLK_TCK);
}

bool read_file(const char* path, int64_t until, Account& account) {
  constexpr size_t kBlock = 4096;
  const int fd = ::open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
  const off_t size = ::lseek(fd, 0, SEEK_END);
  void* const buffer = std::aligned_alloc(kBlock, kBlock);
  bool well = fd >= 0 && size >= static_cast<off_t>(kBlock);
  for (off_t at = 0; well && clock_ns(CLOCK_BOOTTIME) < until; at = (at + static_cast<off_t>(kBlock)) % size) {
    const int64_t begin = clock_ns(CLOCK_BOOTTIME);
    well = ::pread(fd, buffer, kBlock, at) == static_cast<ssize_t>(kBlock);
    account.reading += clock_ns(CLOCK_BOOTTIME) - begin;
  }
  account.on_disk = waited_for_disks();
  std::free(buffer);
  ::close(fd);
  return well;
}

struct Pipe {
  Pipe() { good = ::pipe2(ends, O_CLOEXEC) == 0; }
  bool get() const {
    char byte = 0;
    return ::read(ends[0], &byte, 1) == 1;
  }
  bool put() const { return ::write(ends[1], "x", 1) == 1; }

  int ends[2] = {-1, -1};
  bool good;
};

/// `echo_account`: of the thread that sends back.
bool ping_pong(int trips, Account& echo_account) {
  const Pipe there;
  const Pipe back;
  if (!there.good || !back.good) return false;
  std::thread echo([&] {
    echo_account = {};
    for (int i = 0; i < trips && there.get() && back.put(); ++i) {
    }
    echo_account.close();
  });
  int done = 0;
  while (done < trips && there.put() && back.get()) ++done;
  echo.join();
  return done == trips;
}

template <class Work>
std::vector<Account> in_threads(int count, const Work& work) {
  std::vector<Account> accounts(static_cast<size_t>(count));
  std::vector<std::thread> threads;
  threads.reserve(accounts.size());
  for (Account& account : accounts) {
    // From before it is made: it may wait for its first turn on the cpu.
    account = {.on_cpu_before = 0};
    threads.emplace_back([&account, &work] {
      work();
      account.close();
    });
  }
  for (std::thread& thread : threads) thread.join();
  return accounts;
}

int number(const char* text) {
  return static_cast<int>(std::strtol(text, nullptr, 10));
}

int fail(const char* what) {
  std::perror(what);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const std::string work = argv[2];
  const int cpu = work == "burn" && argc > 5 ? number(argv[5]) : work == "pingpong" && argc > 4 ? number(argv[4]) : -1;
  if (cpu >= 0) {
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET(static_cast<size_t>(cpu), &cpus);
    if (::sched_setaffinity(0, sizeof cpus, &cpus) != 0) return fail("sched_setaffinity");
  }
  std::ofstream procs(std::string(argv[1]) + "/cgroup.procs");
  if (!(procs << ::getpid() << std::flush)) return fail(argv[1]);

  std::vector<Account> accounts(1);
  Account& main_thread = accounts.front();
  if (work == "allocate") {
    const std::vector<char> memory(static_cast<size_t>(number(argv[3])) << 20, 'x');
    if (memory.back() != 'x') return 1;
    main_thread.close();
  } else if (work == "pingpong") {
    accounts.resize(2);
    if (!ping_pong(number(argv[3]), accounts[1])) return fail("pipe");
    accounts[0].close();
  } else if (argc > 4) {
    const int64_t until = main_thread.begin + int64_t{number(argv[4])} * 1'000'000;
    std::vector<Account> others;
    if (work == "burn") others = in_threads(number(argv[3]), [&] { burn(until); });
    if (work == "sleep") others = in_threads(number(argv[3]), [&] { nap(until); });
    if (work == "read" && !read_file(argv[3], until, main_thread)) return fail(argv[3]);
    main_thread.close();
    accounts.insert(accounts.end(), others.begin(), others.end());
  }
  for (const Account& it : accounts)
    std::printf("%lld %lld %lld %lld\n", static_cast<long long>(it.lived), static_cast<long long>(it.on_cpu),
                static_cast<long long>(it.reading), static_cast<long long>(it.on_disk));
  return 0;
}
