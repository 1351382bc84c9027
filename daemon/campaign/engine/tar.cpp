#include "daemon/campaign/engine/tar.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include <sys/stat.h>

#include "base/file.h"

namespace benchd::campaign {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Result;

constexpr size_t kBlock = 512;
constexpr uint64_t kLargest = 077777777777;  // 11 octal digits

struct Header {
  char name[100];
  char mode[8];
  char uid[8];
  char gid[8];
  char size[12];
  char mtime[12];
  char checksum[8];
  char type;
  char link[100];
  char magic[6];
  char version[2];
  char user[32];
  char group[32];
  char major[8];
  char minor[8];
  char prefix[155];
  char padding[12];
};
static_assert(sizeof(Header) == kBlock);

/// Octal digits with leading zeros, and a NUL behind.
template <size_t n>
void put_octal(char (&field)[n], uint64_t value) {
  field[n - 1] = '\0';
  for (size_t i = n - 1; i-- > 0; value /= 8) field[i] = static_cast<char>('0' + value % 8);
}

template <size_t n>
bool put_text(char (&field)[n], const std::string& text) {
  if (text.size() > n) return false;
  std::memcpy(field, text.data(), text.size());
  return true;
}

/// Cut at a slash, where it is too long for one field.
bool put_path(Header& header, const std::string& path) {
  if (put_text(header.name, path)) return true;
  const size_t least = path.size() - sizeof header.name - 1;
  const size_t slash = path.find('/', least);
  return slash != std::string::npos && slash + 1 < path.size() && put_text(header.prefix, path.substr(0, slash)) &&
         put_text(header.name, path.substr(slash + 1));
}

std::optional<Header> header_of(const std::string& path, char type, unsigned mode, uint64_t size,
                                const std::string& link) {
  Header header{};
  if (!put_path(header, path) || !put_text(header.link, link) || size > kLargest) return std::nullopt;
  put_octal(header.mode, mode & 07777U);
  put_octal(header.uid, 0);
  put_octal(header.gid, 0);
  put_octal(header.size, size);
  put_octal(header.mtime, 0);
  header.type = type;
  std::memcpy(header.magic, "ustar", 6);
  std::memcpy(header.version, "00", 2);
  std::memset(header.checksum, ' ', sizeof header.checksum);
  unsigned sum = 0;
  for (const unsigned char byte : std::string_view(reinterpret_cast<const char*>(&header), kBlock)) sum += byte;
  put_octal(header.checksum, sum);
  return header;
}

Result<std::string> entry_of(const std::string& folder, const std::string& path) {
  const std::string whole = folder + '/' + path;
  struct stat about {};
  if (::lstat(whole.c_str(), &about) != 0) return base::errno_error("look at " + whole);
  std::string contents, link, name = path;
  char type = '0';
  if (S_ISDIR(about.st_mode)) {
    type = '5';
    name += '/';
  } else if (S_ISLNK(about.st_mode)) {
    std::error_code error;
    type = '2';
    link = fs::read_symlink(whole, error);
    if (error) return Error{error.value(), "read the link " + whole};
  } else if (S_ISREG(about.st_mode)) {
    auto text = base::read_text(whole);
    if (!text.ok()) return text.error();
    contents = *std::move(text);
  } else {
    return Error{EINVAL, "put " + whole + ", which is no file, into an archive"};
  }
  const auto header = header_of(name, type, about.st_mode, contents.size(), link);
  if (!header) return Error{ENAMETOOLONG, "put " + whole + " into an archive"};
  std::string entry(reinterpret_cast<const char*>(&*header), kBlock);
  entry += contents;
  entry.resize((entry.size() + kBlock - 1) / kBlock * kBlock);
  return entry;
}

}  // namespace

Result<std::string> tar_of(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> paths;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    paths.push_back(it->path().lexically_relative(folder));
  if (error) return Error{error.value(), "read the folder " + folder};
  std::sort(paths.begin(), paths.end());
  std::string archive;
  for (const std::string& path : paths) {
    auto entry = entry_of(folder, path);
    if (!entry.ok()) return entry;
    archive += *entry;
  }
  archive.append(2 * kBlock, '\0');
  return archive;
}

}  // namespace benchd::campaign
