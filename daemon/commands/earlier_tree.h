#pragma once

#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace benchd::daemon {

/// The files of an earlier commit of the git repository that the current directory is in, checked out beside those
/// that are worked on. For --against.
class EarlierTree {
 public:
  /// `ref`: whatever git takes for a commit. Where the tree is depends on repository and commit alone, so that a
  /// campaign that is resumed finds its files where they were. An Error where there is no git, repository or such
  /// commit, or where another process has this tree.
  static base::Result<EarlierTree> check_out(const std::string& ref);
  EarlierTree(EarlierTree&&) noexcept = default;
  EarlierTree& operator=(EarlierTree&&) = delete;
  EarlierTree(const EarlierTree&) = delete;
  EarlierTree& operator=(const EarlierTree&) = delete;
  /// Removes it.
  ~EarlierTree();

  /// Of the earlier commit, and of the files that are worked on, which may have "-dirty" behind it: 40 hex digits.
  const std::string& commit() const { return commit_; }
  const std::string& current_commit() const { return current_commit_; }
  bool is_dirty() const { return current_commit_.ends_with("-dirty"); }

  /// What `directory`, one of the repository, is in this tree. An Error where it is not there.
  base::Result<std::string> counterpart(const std::string& directory) const;

 private:
  EarlierTree() = default;

  std::string top_;   ///< of the repository's files
  std::string path_;  ///< of these
  std::string commit_;
  std::string current_commit_;
  base::Fd lock_;  ///< flock of "PATH-lock"; none: moved from
};

}  // namespace benchd::daemon
