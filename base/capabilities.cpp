#include "base/capabilities.h"

#include <array>
#include <cerrno>

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace benchd::base {

Result<Done> drop_capabilities(std::initializer_list<int> capabilities) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) return errno_error("ask for the capabilities");
  for (const int capability : capabilities) {
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, capability, 0, 0);
    ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);  // EPERM without CAP_SETPCAP: then nothing can bring it back anyway
    auto& set = sets[static_cast<size_t>(CAP_TO_INDEX(capability))];
    const uint32_t others = ~CAP_TO_MASK(capability);
    set.effective &= others;
    set.permitted &= others;
    set.inheritable &= others;
  }
  if (::syscall(SYS_capset, &header, sets.data()) != 0) return errno_error("give capabilities up");
  return Done{};
}

}  // namespace benchd::base
