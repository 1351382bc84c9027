#pragma once

#include <string>

#include <sys/types.h>

#include "base/fd.h"
#include "collectors/cgroup/fd_budget.h"

namespace benchd::cgroup {

/// The directory of exactly one incarnation of a cgroup. Its fd is kept while the budget has room; else the path is
/// opened for each reading, and believed only where it still leads to the same inode.
class Directory {
 public:
  /// `opened` is at `path`; without a path it is kept, whatever the budget says.
  Directory(base::Fd opened, std::string path, FdBudget& budget);
  ~Directory();
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  Directory(Directory&&) = delete;
  Directory& operator=(Directory&&) = delete;

  /// Open from its construction to its destruction, or where the fd is not kept, for the length of one reading.
  class Visit {
   public:
    explicit Visit(Directory& directory) : directory_(directory), error_(directory.open()) {}
    ~Visit() { directory_.close(); }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;
    Visit(Visit&&) = delete;
    Visit& operator=(Visit&&) = delete;

    /// 0, or why it could not be opened; ENOENT also where the path leads to another incarnation.
    int error() const { return error_; }

   private:
    Directory& directory_;
    int error_;
  };

  /// -1 between two visits where the fd is not kept.
  int fd() const { return fd_.get(); }

 private:
  int open();
  void close();

  base::Fd fd_;
  const std::string path_;
  FdBudget& budget_;
  ino_t inode_ = 0;  ///< of the cgroup, where the fd is not kept
  bool paid_ = false;
};

}  // namespace benchd::cgroup
