#include "daemon/commands/earlier_tree.h"

#include <cstdlib>
#include <filesystem>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "daemon/campaign/definition/definition.h"
#include "daemon/campaign/spawn.h"

namespace benchd::daemon {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Result;

/// What git prints; its complaints go to standard error, as they are.
Result<std::string> git(const std::string& directory, std::vector<std::string> arguments) {
  std::vector<std::string> command = {"git", "-C", directory};
  const std::string what = "git " + arguments.front();
  std::move(arguments.begin(), arguments.end(), std::back_inserter(command));
  const auto program = campaign::find_program(command, {});
  if (!program.ok()) return program.error();
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return base::errno_error("make a pipe");
  const base::Fd read(ends[0]);
  base::Fd written(ends[1]);
  const auto child = campaign::spawn(*program, {.output = written.get()});
  if (!child.ok()) return child.error();
  written.reset();
  std::string output;
  char piece[4096];
  for (ssize_t got = 0; (got = ::read(read.get(), piece, sizeof piece)) != 0;) {
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) break;
    output.append(piece, static_cast<size_t>(got));
  }
  const campaign::ExitStatus status = campaign::wait_for(*child);
  if (status.code != 0) return Error{.attempt = fmt::format("{} ended with exit code {}", what, status.code)};
  return std::string(base::trim(output));
}

/// "$XDG_CACHE_HOME/benchd/trees", else "~/.cache/benchd/trees".
Result<fs::path> directory_of_trees() {
  const auto environment = [](const char* name) {
    const char* value = std::getenv(name);
    return fs::path(value == nullptr ? "" : value);
  };
  fs::path cache = environment("XDG_CACHE_HOME");
  if (!cache.is_absolute()) cache = environment("HOME") / ".cache";
  if (!cache.is_absolute()) return Error{.code = ENOENT, .attempt = "find a directory for another tree: set HOME"};
  fs::path trees = cache / "benchd" / "trees";
  std::error_code error;
  fs::create_directories(trees, error);
  if (error) return Error{.code = error.value(), .attempt = "make " + trees.string()};
  return trees;
}

}  // namespace

Result<EarlierTree> EarlierTree::check_out(const std::string& ref) {
  if (ref.empty() || ref.starts_with('-'))
    return Error{.attempt = "--against: found \"" + ref + "\", expected what git takes for a commit, such as main"};
  EarlierTree tree;
  auto top = git(".", {"rev-parse", "--show-toplevel"});
  if (!top.ok())
    return Error{.attempt = "--against: find the git repository of this directory: " + top.error().message()};
  tree.top_ = *std::move(top);
  auto commit = git(tree.top_, {"rev-parse", "--verify", "--quiet", ref + "^{commit}"});
  if (!commit.ok()) return Error{.attempt = "--against: found \"" + ref + "\", which is no commit of " + tree.top_};
  tree.commit_ = *std::move(commit);
  auto current = git(tree.top_, {"rev-parse", "HEAD"});
  if (!current.ok()) return current.error();
  const auto changes = git(tree.top_, {"status", "--porcelain", "--untracked-files=no"});
  if (!changes.ok()) return changes.error();
  tree.current_commit_ = *current + (changes->empty() ? "" : "-dirty");

  const auto trees = directory_of_trees();
  if (!trees.ok()) return trees.error();
  const std::string path = *trees / (tree.commit_.substr(0, 12) + '-' + campaign::hash_of(tree.top_).substr(0, 8));
  base::Fd lock(::open((path + "-lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock) return base::errno_error("open " + path + "-lock");
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
    return Error{.code = EBUSY, .attempt = "--against: another campaign runs in " + path};
  tree.lock_ = std::move(lock);
  tree.path_ = path;
  // What a process that was killed left.
  std::error_code error;
  fs::remove_all(path, error);
  if (const auto added = git(tree.top_, {"worktree", "add", "--quiet", "--force", "--detach", path, tree.commit_});
      !added.ok())
    return Error{.attempt = "--against: check out " + ref + ": " + added.error().message()};
  return tree;
}

EarlierTree::~EarlierTree() {
  if (!lock_) return;
  try {
    // What is left over is removed by the next one.
    (void)git(top_, {"worktree", "remove", "--force", "--force", path_});  // NOLINT(bugprone-unused-return-value)
  } catch (const std::exception&) {                                        // NOLINT(bugprone-empty-catch): likewise
  }
}

Result<std::string> EarlierTree::counterpart(const std::string& directory) const {
  std::error_code error;
  const fs::path below = fs::relative(fs::canonical(directory, error), fs::canonical(top_, error), error);
  if (error || below.empty() || *below.begin() == "..")
    return Error{.attempt = "--against: " + directory + " is not in the repository " + top_};
  const fs::path there = (fs::path(path_) / below).lexically_normal();
  if (!fs::is_directory(there, error))
    return Error{.attempt = "--against: " + below.string() + " is not in commit " + commit_.substr(0, 12)};
  const std::string text = there;
  return text.ends_with('/') ? text.substr(0, text.size() - 1) : text;
}

}  // namespace benchd::daemon
