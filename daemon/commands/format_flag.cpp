#include "daemon/commands/format_flag.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace benchd::daemon {

std::shared_ptr<const std::string> add_format(CLI::App& command, const std::vector<std::string>& formats) {
  const std::string list = fmt::format("{}", fmt::join(formats, ", "));
  const auto chosen = std::make_shared<std::string>(formats.front());
  const auto take = [chosen, formats, list](const std::vector<std::string>& values) {
    if (values.size() == 1 && std::find(formats.begin(), formats.end(), values[0]) != formats.end()) {
      *chosen = values[0];
      return;
    }
    throw CLI::ValidationError("--format", "found " + base::quoted_list(values) + ", allowed is one of " + list);
  };
  command.add_option_function<std::vector<std::string>>("--format", take, list)
      ->type_name("FORMAT")
      ->default_str(formats.front())
      ->type_size(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->expected(1)
      ->allow_extra_args(false);
  return chosen;
}

}  // namespace benchd::daemon
