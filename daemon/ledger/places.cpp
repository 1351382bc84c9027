#include "daemon/ledger/places.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace benchd::ledger {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Result;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// Relative paths are to be ignored, says the XDG Base Directory Specification.
Result<fs::path> own_data_directory() {
  if (fs::path data = environment("XDG_DATA_HOME"); data.is_absolute()) return data;
  fs::path home = environment("HOME");
  if (!home.is_absolute()) {
    const passwd* user = ::getpwuid(::geteuid());
    if (user != nullptr) home = user->pw_dir;
  }
  if (!home.is_absolute()) return Error{.code = ENOENT, .attempt = "find a home directory: set HOME, or name a ledger"};
  return home / ".local" / "share";
}

}  // namespace

Result<std::string> own_ledger() {
  const Result<fs::path> data = own_data_directory();
  if (!data.ok()) return data.error();
  const fs::path directory = *data / "benchd";
  fs::path so_far;
  for (const fs::path& part : directory) {
    so_far /= part;
    if (::mkdir(so_far.c_str(), 0700) != 0 && errno != EEXIST && !fs::is_directory(so_far))
      return base::errno_error("make " + so_far.string());
  }
  return (directory / "ledger.db").string();
}

std::vector<std::string> readable_ledgers() {
  std::vector<std::string> paths = {kSystemLedger};
  if (const Result<fs::path> data = own_data_directory(); data.ok()) paths.push_back(*data / "benchd" / "ledger.db");
  std::erase_if(paths,
                [](const std::string& path) { return ::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) != 0; });
  return paths;
}

}  // namespace benchd::ledger
