#include "base/file.h"

#include <fstream>

#include <fcntl.h>
#include <gtest/gtest.h>

#include "support/temporary_directory.h"

namespace benchd::base {
namespace {

TEST(ReadFd, GrowsTheBufferAndReadsTheWholeTextAgain) {
  const std::string text(100'000, 'x');
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/large";
  std::ofstream(path) << text;
  ReadBuffer buffer(64);
  const auto fd = open_file(AT_FDCWD, path.c_str());
  ASSERT_TRUE(fd.ok());
  EXPECT_EQ(read_fd(fd->get(), buffer).text, text);
  EXPECT_EQ(read_fd_to_end(fd->get(), buffer).text, text);
}

TEST(ReadFd, ReadsFromTheStartEachTime) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/twice";
  std::ofstream(path) << "1\n";
  ReadBuffer buffer;
  const auto fd = open_file(AT_FDCWD, path.c_str());
  ASSERT_TRUE(fd.ok());
  EXPECT_EQ(read_fd(fd->get(), buffer).text, "1\n");
  std::ofstream(path) << "22\n";
  EXPECT_EQ(read_fd(fd->get(), buffer).text, "22\n");
}

TEST(ReadFile, TellsTheErrnoOfAnAbsentFile) {
  ReadBuffer buffer;
  EXPECT_EQ(read_file(AT_FDCWD, "/nonexistent/file", buffer).error, ENOENT);
}

TEST(OpenFile, IsClosedOnExec) {
  const auto fd = open_file(AT_FDCWD, "/proc/self/stat");
  ASSERT_TRUE(fd.ok());
  EXPECT_NE(::fcntl(fd->get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST(OpenFile, NamesThePathInItsError) {
  const auto fd = open_file(AT_FDCWD, "/nonexistent/file");
  ASSERT_FALSE(fd.ok());
  EXPECT_EQ(fd.error().message(), "open /nonexistent/file: No such file or directory");
}

}  // namespace
}  // namespace benchd::base
