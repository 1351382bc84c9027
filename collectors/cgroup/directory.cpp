#include "collectors/cgroup/directory.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

namespace benchd::cgroup {
namespace {

ino_t inode_of(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 ? info.st_ino : 0;
}

}  // namespace

Directory::Directory(base::Fd opened, std::string path, FdBudget& budget)
    : fd_(std::move(opened)), path_(std::move(path)), budget_(budget) {
  if (path_.empty()) return;
  paid_ = budget_.take();
  if (paid_) return;
  inode_ = inode_of(fd_.get());
  fd_.reset();
}

Directory::~Directory() {
  if (paid_) budget_.give_back();
}

int Directory::open() {
  if (fd_) return 0;
  fd_.reset(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd_) return errno;
  if (inode_of(fd_.get()) == inode_) return 0;
  fd_.reset();
  return ENOENT;
}

void Directory::close() {
  if (inode_ != 0) fd_.reset();
}

}  // namespace benchd::cgroup
