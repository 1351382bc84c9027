#pragma once

#include <string>
#include <string_view>

namespace benchd::campaign {

/// Which process this is, for a label of what it makes and may not live to remove: "HOST/BOOT-ID/PID-NAMESPACE/PID/
/// START", the start in the kernel's ticks. Empty where /proc does not say.
std::string this_maker();

/// Whether the process of such a label is known to be no more. Not known of other hosts and other pid namespaces, nor
/// of what is no such label.
bool is_gone(std::string_view maker);

}  // namespace benchd::campaign
