#include "base/text.h"
#include "collectors/tasks/logs/record.h"

namespace benchd::logs {

bool parse_cri(std::string_view text, Record& record) {
  record.stamp = parse_stamp(base::cut(text, ' '));
  const std::string_view stream = base::cut(text, ' ');
  if (!record.stamp || (stream != "stdout" && stream != "stderr")) return false;
  record.stream = stream == "stdout" ? model::Stream::Out : model::Stream::Error;

  std::string_view tags = base::cut(text, ' ');
  const std::string_view first = base::cut(tags, ':');
  if (first != "F" && first != "P") return false;
  record.ends_line = first == "F";
  // containerd strips \r\n itself, conmon does not.
  if (record.ends_line && text.ends_with('\r')) text.remove_suffix(1);
  record.text = text;
  return true;
}

}  // namespace benchd::logs
