#include "collectors/tasks/logs/container_folders.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/door/in_process_door.h"
#include "support/temporary_directory.h"

namespace benchd::logs {
namespace {

using Change = ContainerFolders::Change;
using testing::ElementsAre;
using testing::IsEmpty;

class ContainerFoldersTest : public testing::Test {
 protected:
  void make(char id) const { std::filesystem::create_directories(root() + "/containers/" + std::string(64, id)); }
  void remove(char id) const { std::filesystem::remove_all(root() + "/containers/" + std::string(64, id)); }
  static Change made(char id) { return {std::string(64, id), true}; }
  static Change removed(char id) { return {std::string(64, id), false}; }
  std::string root() const { return directory_.path(); }

 private:
  TemporaryDirectory directory_;

 protected:
  daemon::InProcessDoor door_{{.docker_roots = {directory_.path()}}};
  ContainerFolders folders_{door_};
};

TEST_F(ContainerFoldersTest, TellsWhatIsThereAndWhatComesAndGoes) {
  make('a');
  std::filesystem::create_directory(root() + "/containers/tmp");
  EXPECT_THAT(folders_.sweep(), ElementsAre(made('a')));
  make('b');
  remove('a');
  make('c');
  remove('c');
  EXPECT_THAT(folders_.dispatch(), ElementsAre(made('b'), removed('a'), made('c'), removed('c')));
  EXPECT_THAT(folders_.dispatch(), IsEmpty());
  EXPECT_THAT(folders_.sweep(), IsEmpty());
}

TEST_F(ContainerFoldersTest, WaitsForDockerToBeInstalled) {
  EXPECT_THAT(folders_.sweep(), IsEmpty());
  make('a');
  EXPECT_THAT(folders_.sweep(), ElementsAre(made('a')));
  make('b');
  EXPECT_THAT(folders_.dispatch(), ElementsAre(made('b')));
}

}  // namespace
}  // namespace benchd::logs
