#include "collectors/results/json_document.h"

#include <algorithm>

namespace benchd::results {
namespace {

using nlohmann::json;

/// The line, from 1, in which the byte at `offset` is.
size_t line_at(std::string_view text, size_t offset) {
  return 1 + static_cast<size_t>(std::count(
                 text.begin(), text.begin() + static_cast<std::ptrdiff_t>(std::min(offset, text.size())), '\n'));
}

/// Reads the text once more and notes how far it had come when the wanted value was complete (or begun, where it holds
/// others).
class Finder : public json::json_sax_t {
 public:
  Finder(const JsonDocument::Pointer& wanted, const size_t& read) : wanted_(wanted), read_(read) {}

  size_t found() const { return found_; }

  bool null() override { return value(); }
  bool boolean(bool) override { return value(); }
  bool number_integer(number_integer_t) override { return value(); }
  bool number_unsigned(number_unsigned_t) override { return value(); }
  bool number_float(number_float_t, const string_t&) override { return value(); }
  bool string(string_t&) override { return value(); }
  bool binary(binary_t&) override { return value(); }
  bool start_object(size_t) override { return begin(false); }
  bool end_object() override { return end(); }
  bool start_array(size_t) override { return begin(true); }
  bool end_array() override { return end(); }
  bool key(string_t& name) override {
    levels_.back().key = name;
    return true;
  }
  bool parse_error(size_t, const std::string&, const json::exception&) override { return false; }

 private:
  struct Level {
    bool array;
    size_t index = 0;  ///< of the element read last, from 1
    std::string key;
  };

  /// A value begins here: false, to stop, if it is the wanted one.
  bool value() {
    if (!levels_.empty() && levels_.back().array) ++levels_.back().index;
    JsonDocument::Pointer here;
    for (const Level& level : levels_) {
      if (level.array)
        here /= level.index - 1;
      else
        here /= level.key;
    }
    if (here != wanted_) return true;
    found_ = read_;
    return false;
  }
  bool begin(bool array) {
    if (!value()) return false;
    levels_.push_back({array, 0, {}});
    return true;
  }
  bool end() {
    levels_.pop_back();
    return true;
  }

  const JsonDocument::Pointer& wanted_;
  const size_t& read_;
  size_t found_ = 0;
  std::vector<Level> levels_;
};

/// Characters of a text, counted as they are read.
struct CountingIterator {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  const char* at;
  size_t* read;

  reference operator*() const { return *at; }
  CountingIterator& operator++() {
    ++at;
    ++*read;
    return *this;
  }
  friend bool operator==(const CountingIterator& a, const CountingIterator& b) { return a.at == b.at; }
  friend bool operator!=(const CountingIterator& a, const CountingIterator& b) { return a.at != b.at; }
};

}  // namespace

base::Result<JsonDocument> JsonDocument::parse(std::string_view text, const std::string& file) {
  try {
    return JsonDocument(text, file, json::parse(text));
  } catch (const json::parse_error& error) {
    const size_t line = line_at(text, error.byte > 0 ? error.byte - 1 : 0);
    return base::Error{0, file + ":" + std::to_string(line) + ": this is not valid JSON"};
  } catch (const json::exception& error) {
    return base::Error{0, file + ": this is not valid JSON: " + error.what()};  // a number beyond all doubles
  }
}

const json* JsonDocument::find(const Pointer& where) const {
  return root_.contains(where) ? &root_.at(where) : nullptr;
}

base::Error JsonDocument::error(const Pointer& where, const std::string& what) const {
  size_t read = 0;
  Finder finder(where, read);
  size_t beyond = 0;
  json::sax_parse(CountingIterator{text_.data(), &read}, CountingIterator{text_.data() + text_.size(), &beyond},
                  &finder);
  // A number ends only with the character behind it, maybe a newline.
  const size_t line = line_at(text_, finder.found() > 0 ? finder.found() - 1 : 0);
  const std::string place = where.empty() ? "" : where.to_string() + ": ";
  return base::Error{0, file_ + ":" + std::to_string(line) + ": " + place + what};
}

}  // namespace benchd::results
