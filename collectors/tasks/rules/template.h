#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "collectors/tasks/rules/literal.h"
#include "collectors/tasks/rules/rule.h"

namespace benchd::rules {

/// A template, "task {id} done in {duration:ms}", compiled. It matches at the first place of a line where it can.
///
///   {duration:UNIT} {mean:UNIT} {sum:UNIT}   a number of ns us ms s m h; with auto, a duration that says its unit
///                                            itself; with none, the unit that stands behind it ("{duration} ms"), or
///                                            auto
///   {count} {pid}                            a number
///   {id} {kind} {outcome} {thread}           a word: no blanks, unless quotes or brackets stand around it
///   {time}                                   up to the text that follows
///   {}                                       anything, or nothing
///   {{ }}                                    braces
///
/// All other text matches itself; numbers may have blanks before them. A field ends where the text behind it begins and
/// has at most 256 bytes, so that a line takes time linear in its length. A number that names its own unit in the line
/// means that one, whatever the template says ("1.2 s" for {duration:ms}).
///
/// Not by RE2, which takes 350 ns for a line with two fields where this takes 60.
class Template {
 public:
  static base::Result<Template> compile(std::string_view text);

  /// What stands in the braces, in order; {} aside.
  const std::vector<FieldSpec>& fields() const { return fields_; }

  /// Texts that every matching line contains.
  const std::vector<std::string>& required() const { return required_; }

  /// True, and a view into `line` per field, if it matches. As many captures as there are fields.
  bool match(std::string_view line, std::span<std::string_view> captures) const;

 private:
  struct Part {
    size_t field = 0;       ///< its index
    bool enclosed = false;  ///< quotes or brackets stand around it
    Literal literal;        ///< behind it; empty only at the end of a segment
  };

  /// What stands between two {}: matched at the first place behind the segment before.
  struct Segment {
    Literal head;  ///< before the first field; empty only where a field begins the template
    std::vector<Part> parts;
  };

  /// Where a segment ended, or npos.
  size_t find(const Segment& segment, std::string_view line, size_t from, std::span<std::string_view> captures) const;
  size_t match_parts(std::span<const Part> parts, std::string_view line, size_t at,
                     std::span<std::string_view> captures) const;
  size_t leading(const Part& part, std::string_view line, size_t from, size_t end) const;

  base::Result<base::Done> check();

  std::vector<Segment> segments_;
  std::vector<FieldSpec> fields_;
  std::vector<std::string> required_;
  Literal longest_;  ///< of those
};

}  // namespace benchd::rules
