#include "base/clock.h"

#include <ctime>

#include "base/file.h"

namespace benchd::base {
namespace {

int64_t read_clock(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return time.tv_sec * kSecond + time.tv_nsec;
}

}  // namespace

Instant now() {
  return read_clock(CLOCK_BOOTTIME);
}

int64_t wall_offset() {
  const int64_t before = now();
  const int64_t wall = read_clock(CLOCK_REALTIME);
  return wall - before;
}

Result<std::string> boot_id(const std::string& proc) {
  Result<std::string> text = read_text(proc + "/sys/kernel/random/boot_id");
  if (text.ok()) text->erase(text->find_last_not_of('\n') + 1);
  return text;
}

}  // namespace benchd::base
