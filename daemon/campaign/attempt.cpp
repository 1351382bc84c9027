#include "daemon/campaign/attempt.h"

#include <algorithm>
#include <cerrno>
#include <csignal>

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include "base/text.h"
#include "daemon/campaign/engine/engine_json.h"

namespace benchd::campaign {
namespace {

using base::Error;
using base::Result;

constexpr const char* kTooLong = "was not over in time";
constexpr size_t kMostOutput = 1 << 20;
constexpr size_t kMostWords = 300;

/// Whether `fd` is readable by the deadline. ECANCELED: interrupted.
Result<bool> wait_for(int fd, base::Interrupts& interrupts, base::Instant deadline) {
  for (;;) {
    const int64_t left = std::max<int64_t>(0, deadline - base::now());
    const timespec patience{.tv_sec = left / base::kSecond, .tv_nsec = left % base::kSecond};
    pollfd waits[] = {{.fd = fd, .events = POLLIN}, {.fd = interrupts.fd(), .events = POLLIN}};
    const int ready = ::ppoll(waits, 2, &patience, nullptr);
    if (ready < 0 && errno != EINTR) return base::errno_error("wait for a command");
    if (ready == 0) return false;
    if (ready > 0 && waits[1].revents != 0 && interrupts.seen()) return Error{ECANCELED, "wait for a command"};
    if (ready > 0 && waits[0].revents != 0) return true;
  }
}

/// The end of what an engine's frames hold: {stream, 0, 0, 0, size as big-endian uint32} and so many bytes
/// (moby api/pkg/stdcopy/stdcopy.go).
std::string last_words(std::string_view body) {
  std::string text;
  while (body.size() > 8) {
    size_t size = 0;
    for (size_t i = 4; i < 8; ++i) size = size << 8U | static_cast<unsigned char>(body[i]);
    body.remove_prefix(8);
    text += body.substr(0, size);
    body.remove_prefix(std::min(size, body.size()));
  }
  text = base::trim(text);
  return text.size() <= kMostWords ? text : "…" + text.substr(text.size() - kMostWords);
}

}  // namespace

Result<std::string> attempt_in_container(const Engine& engine, const std::string& container,
                                         const std::vector<std::string>& command, base::Instant deadline) {
  const Json wanted = {{"AttachStdout", true}, {"AttachStderr", true}, {"Cmd", command}};
  const auto made = engine.ask("POST", container + "/exec", dumped(wanted));
  if (!made.ok()) return made.error();
  const std::string target = "/exec/" + text_in(parse_json(*made), "Id");
  auto stream = engine.open("POST", target + "/start", R"({"Detach":false,"Tty":false})");
  if (!stream.ok()) return stream.error();
  std::string output = std::move(stream->begun);
  char piece[4096];
  for (;;) {
    const auto ready = wait_for(stream->rest.get(), engine.interrupts(), deadline);
    if (!ready.ok()) return ready.error();
    if (!*ready) return std::string(kTooLong);
    const ssize_t got = ::read(stream->rest.get(), piece, sizeof piece);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    if (output.size() < kMostOutput) output.append(piece, static_cast<size_t>(got));
  }
  const auto about = engine.ask("GET", target + "/json");
  if (!about.ok()) return about.error();
  const Json answer = parse_json(*about);
  const Json& code = member(answer, "ExitCode");
  if (code == 0) return std::string();
  const std::string words = last_words(output);
  return fmt::format("ended with exit code {}{}{}", code.is_number_integer() ? code.get<int>() : -1,
                     words.empty() ? "" : ": ", words);
}

Result<std::string> attempt_on_host(const Program& program, int null, base::Interrupts& interrupts,
                                    base::Instant deadline) {
  const auto child = spawn(program, {.input = null, .output = null, .error = null});
  if (!child.ok()) return child.error();
  const auto ended = wait_for(child->pidfd.get(), interrupts, deadline);
  if (!ended.ok() || !*ended) ::kill(-child->pid, SIGKILL);
  const ExitStatus status = campaign::wait_for(*child);
  if (!ended.ok()) return ended.error();
  if (!*ended) return std::string(kTooLong);
  return status.code == 0 ? std::string() : fmt::format("ended with exit code {}", status.code);
}

}  // namespace benchd::campaign
