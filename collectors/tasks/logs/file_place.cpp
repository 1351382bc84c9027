#include "collectors/tasks/logs/file_place.h"

#include "base/text.h"

namespace benchd::logs {
namespace {

constexpr std::string_view kVersion = "file1";

void append(std::string& text, char separator, uint64_t number) {
  char digits[16];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number, 16);
  text += separator;
  text.append(digits, end);
}

void append(std::string& text, Mark mark) {
  append(text, ' ', mark.file);
  append(text, ':', mark.offset);
}

/// Takes whitespace-separated hexadecimal numbers off a text; wrong for good after the first that is none.
class Numbers {
 public:
  explicit Numbers(std::string_view text) : rest_(text) {}

  uint64_t next(char separator) {
    const auto number = base::parse_integer<uint64_t>(base::cut(rest_, separator), 16);
    wrong_ = wrong_ || !number;
    return number.value_or(0);
  }
  Mark next_mark() {
    Mark mark;
    mark.file = next(':');
    mark.offset = next(' ');
    return mark;
  }
  bool done() const { return wrong_ || rest_.empty(); }
  bool wrong() const { return wrong_; }

 private:
  std::string_view rest_;
  bool wrong_ = false;
};

}  // namespace

std::string to_text(const FilePlace& place) {
  std::string text(kVersion);
  append(text, place.read);
  append(text, place.out);
  append(text, place.error);
  append(text, ' ', place.tail);
  append(text, ' ', place.skipping ? 1 : 0);
  for (const FilePlace::File& file : place.files) {
    append(text, ' ', file.identity.device);
    append(text, ':', file.identity.inode);
    append(text, ':', static_cast<uint64_t>(file.identity.born));
    append(text, ':', file.head.length);
    append(text, ':', file.head.hash);
  }
  return text;
}

std::optional<FilePlace> parse_file_place(std::string_view text) {
  if (base::cut(text, ' ') != kVersion) return std::nullopt;
  Numbers numbers(text);
  FilePlace place;
  place.read = numbers.next_mark();
  place.out = numbers.next_mark();
  place.error = numbers.next_mark();
  place.tail = numbers.next(' ');
  place.skipping = numbers.next(' ') != 0;
  while (!numbers.done()) {
    FilePlace::File file;
    file.identity.device = numbers.next(':');
    file.identity.inode = numbers.next(':');
    file.identity.born = static_cast<int64_t>(numbers.next(':'));
    const uint64_t length = numbers.next(':');
    file.head = {.length = static_cast<uint32_t>(length), .hash = numbers.next(' ')};
    if (length > kMaxHead) return std::nullopt;
    place.files.push_back(file);
  }
  const bool sound = !numbers.wrong() && place.read.file + 1 == place.files.size() && place.out <= place.read &&
                     place.error <= place.read;
  if (!sound) return std::nullopt;
  return place;
}

}  // namespace benchd::logs
