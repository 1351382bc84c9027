#include "daemon/campaign/spawn.h"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <utility>

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"

namespace benchd::campaign {
namespace {

using base::Error;
using base::Fd;
using base::Result;

enum class Step : uint8_t { Execute, EnterCgroup, SetCpus, SetUp };
constexpr const char* kSteps[] = {"execute", "move to its cgroup", "set the cpus of", "set up"};

/// Everything that the child needs, made before: it must not allocate. It shares this memory until it executes the
/// program, and writes here how that went.
struct Ready {
  const char* path;
  const char* directory;  ///< null: stay
  std::vector<char*> arguments;
  std::vector<char*> environment;
  const SpawnOptions* options;
  cpu_set_t* cpus;  ///< null: leave them
  size_t cpus_size;
  bool enter_cgroup;  ///< clone3 did not
  pid_t parent;
  volatile int64_t executed = 0;
  volatile int error = 0;
  volatile Step step = Step::Execute;
};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  list.reserve(texts.size() + 1);
  for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

[[noreturn]] void fail(Ready& ready, Step step) {
  ready.error = errno;
  ready.step = step;
  ::_exit(127);
}

void enter(Ready& ready) {
  const int procs = ::openat(ready.options->cgroup, "cgroup.procs", O_WRONLY | O_CLOEXEC);
  if (procs < 0 || ::write(procs, "0", 1) != 1) fail(ready, Step::EnterCgroup);
}

/// The child, on its parent's memory and stack: system calls only.
[[noreturn]] void become(Ready& ready) {
  if (ready.enter_cgroup) enter(ready);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != ready.parent) ::_exit(127);  // it died before the line above
  ::setpgid(0, 0);
  if (ready.directory != nullptr && ::chdir(ready.directory) != 0) fail(ready, Step::SetUp);
  const int given[] = {ready.options->input, ready.options->output, ready.options->error};
  for (int standard = 0; standard < 3; ++standard)
    if (given[standard] >= 0 && ::dup2(given[standard], standard) < 0) fail(ready, Step::SetUp);
  if (ready.cpus != nullptr && ::sched_setaffinity(0, ready.cpus_size, ready.cpus) != 0) fail(ready, Step::SetCpus);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ready.executed = base::now();
  ::execve(ready.path, ready.arguments.data(), ready.environment.data());
  fail(ready, Step::Execute);
}

/// clone3 as an instruction: the child comes back from it on the same stack, so that there must be no function to
/// return from. Negative: the errno.
[[gnu::always_inline]] inline int64_t clone3_here(const clone_args* arguments) {
#if defined(__x86_64__)
  int64_t result = SYS_clone3;
  asm volatile("syscall" : "+a"(result) : "D"(arguments), "S"(sizeof *arguments) : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register int64_t result asm("x0") = reinterpret_cast<int64_t>(arguments);
  register int64_t size asm("x1") = sizeof *arguments;
  register int64_t number asm("x8") = SYS_clone3;
  asm volatile("svc 0" : "+r"(result) : "r"(size), "r"(number) : "memory");
  return result;
#else
  (void)arguments;
  return -ENOSYS;
#endif
}

/// This process waits until the child has executed its program (CLONE_VFORK), and copies no page tables for it: a fork
/// of benchd takes 0.3 ms.
[[gnu::noinline]] pid_t clone_into(Ready& ready, int& pidfd) {
  clone_args arguments{};
  arguments.flags = CLONE_PIDFD | CLONE_VM | CLONE_VFORK;
  arguments.pidfd = reinterpret_cast<uint64_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  if (ready.options->cgroup >= 0) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<uint64_t>(ready.options->cgroup);
  }
  const int64_t pid = clone3_here(&arguments);
  if (pid == 0) become(ready);
  return static_cast<pid_t>(pid);
}

/// Where there is no such clone3.
[[gnu::noinline]] pid_t fork_then_enter(Ready& ready, int& pidfd) {
  ready.enter_cgroup = ready.options->cgroup >= 0;
  const pid_t pid = ::vfork();  // NOLINT(clang-analyzer-security.insecureAPI.vfork): as above
  if (pid == 0) become(ready);  // NOLINT(clang-analyzer-unix.Vfork): it makes system calls only
  if (pid < 0) return -errno;
  pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  return pid;
}

std::string path_of(const std::vector<std::string>& environment) {
  for (const std::string& entry : environment)
    if (entry.starts_with("PATH=")) return entry.substr(5);
  return "/usr/local/bin:/usr/bin:/bin";
}

/// The errno that keeps `path` from being executed, or 0.
int why_not(const std::string& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) return errno;
  if (!S_ISREG(about.st_mode)) return EACCES;
  return ::access(path.c_str(), X_OK) == 0 ? 0 : errno;
}

Result<std::string> find_in_path(const std::string& name, const std::string& path) {
  int error = ENOENT;
  const auto look = [&](const std::string& candidate) {
    const int reason = why_not(candidate);
    if (reason == EACCES) error = reason;
    return reason == 0;
  };
  if (name.find('/') != std::string::npos) {
    if (look(name)) return name;
  } else {
    for (std::string_view rest = path; !rest.empty();) {
      const std::string candidate = std::string(base::cut(rest, ':')) + '/' + name;
      if (look(candidate)) return candidate;
    }
  }
  return Error{.code = error, .attempt = error == EACCES ? "execute " + name : "find the command " + name};
}

}  // namespace

Result<Program> find_program(const std::vector<std::string>& command, const std::map<std::string, std::string>& changes,
                             const std::string& directory) {
  Program program;
  program.directory = directory;
  program.arguments = command;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (!changes.contains(std::string(text.substr(0, text.find('='))))) program.environment.emplace_back(text);
  }
  for (const auto& [name, value] : changes) program.environment.push_back(std::string(name).append("=").append(value));
  if (command.empty() || command[0].empty()) return Error{.code = ENOENT, .attempt = "find an empty command"};
  const bool is_from_there = !directory.empty() && command[0][0] != '/' && command[0].find('/') != std::string::npos;
  auto path = find_in_path(is_from_there ? directory + '/' + command[0] : command[0], path_of(program.environment));
  if (!path.ok()) return path.error();
  program.path = *std::move(path);
  return program;
}

Result<Child> spawn(const Program& program, const SpawnOptions& options) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  for (size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (options.cpus[cpu]) CPU_SET(cpu, &cpus);
  Ready ready{.path = program.path.c_str(),
              .directory = program.directory.empty() ? nullptr : program.directory.c_str(),
              .arguments = pointers(program.arguments),
              .environment = pointers(program.environment),
              .options = &options,
              .cpus = options.cpus.any() ? &cpus : nullptr,
              .cpus_size = sizeof cpus,
              .enter_cgroup = false,
              .parent = ::getpid()};

  int pidfd = -1;
  pid_t pid = clone_into(ready, pidfd);
  if (pid == -ENOSYS || pid == -EINVAL || pid == -EPERM)  // an old kernel, or a sandbox that forbids it
    pid = fork_then_enter(ready, pidfd);
  if (pid < 0) return Error{-pid, "start " + program.path};
  Child child{.pid = pid, .pidfd = Fd(pidfd), .executed = ready.executed};
  const int error = ready.error;
  if (error == 0 && child.pidfd && child.executed != 0) return child;
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  std::string attempt = kSteps[static_cast<size_t>(ready.step)];
  attempt.append(" ").append(program.path);
  return Error{error != 0 ? error : ESRCH, std::move(attempt)};
}

ExitStatus wait_for(const Child& child) {
  siginfo_t info{};
  while (::waitid(P_PID, static_cast<id_t>(child.pid), &info, WEXITED) != 0 && errno == EINTR) {
  }
  if (info.si_code == CLD_EXITED) return {.code = info.si_status};
  return {.code = 128 + info.si_status, .signal = info.si_status};
}

}  // namespace benchd::campaign
