#include <cstddef>
#include <memory>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gtest/gtest.h>

#define _Static_assert static_assert
#include "layout_probe.skel.h"

namespace linux_6_1 {
#include "layouts/linux_6_1.h"
}
namespace linux_6_6 {
#include "layouts/linux_6_6.h"
}
namespace linux_6_12 {
#include "layouts/linux_6_12.h"
}
namespace linux_6_16 {
#include "layouts/linux_6_16.h"
}

namespace benchd::kernel {
namespace {

struct Layout {
  bool sums_subtrees = false;
  size_t pointer = 0;
  size_t own = 0;
  size_t subtree = 0;
  friend bool operator==(const Layout&, const Layout&) = default;
};

void PrintTo(const Layout& it, std::ostream* out) {
  *out << "sums " << it.sums_subtrees << ", pointer " << it.pointer << ", own " << it.own << ", subtree " << it.subtree;
}

struct Destroy {
  void operator()(layout_probe* probe) const { layout_probe__destroy(probe); }
};

/// What the programs decide where the kernel's type information is that of the fixture.
class Layouts : public testing::Test {
 protected:
  Layout of(const char* kernel) {
    const std::string types = std::string(BENCHD_LAYOUTS) + "/" + kernel + ".o";
    bpf_object_open_opts options{};
    options.sz = sizeof options;
    options.btf_custom_path = types.c_str();
    const std::unique_ptr<layout_probe, Destroy> probe(layout_probe__open_opts(&options));
    if (!probe) {
      ADD_FAILURE() << "open with " << types;
      return {};
    }
    if (const int error = layout_probe__load(probe.get()); error != 0) {
      not_here_ = error == -EPERM;
      EXPECT_TRUE(not_here_) << "load with " << types << ": " << error;
      return {};
    }
    bpf_test_run_opts run{};
    run.sz = sizeof run;
    EXPECT_EQ(bpf_prog_test_run_opts(bpf_program__fd(probe->progs.probe), &run), 0);
    return {.sums_subtrees = probe->bss->sums_subtrees != 0,
            .pointer = probe->bss->pointer_offset,
            .own = probe->bss->own_offset,
            .subtree = probe->bss->subtree_offset};
  }

  bool not_here_ = false;
};

TEST_F(Layouts, EachKernelsIsChosenByItsTypeInformation) {
  const Layout v6_1 = of("linux_6_1");
  if (not_here_) GTEST_SKIP() << "no right to load kernel programs";
  EXPECT_EQ(v6_1, (Layout{.sums_subtrees = false,
                          .pointer = offsetof(linux_6_1::cgroup, rstat_cpu),
                          .own = offsetof(linux_6_1::cgroup_rstat_cpu, bstat),
                          .subtree = offsetof(linux_6_1::cgroup_rstat_cpu, bstat)}));
  EXPECT_EQ(of("linux_6_6"), (Layout{.sums_subtrees = true,
                                     .pointer = offsetof(linux_6_6::cgroup, rstat_cpu),
                                     .own = offsetof(linux_6_6::cgroup_rstat_cpu, bstat),
                                     .subtree = offsetof(linux_6_6::cgroup_rstat_cpu, subtree_bstat)}));
  EXPECT_EQ(of("linux_6_12"), (Layout{.sums_subtrees = true,
                                      .pointer = offsetof(linux_6_12::cgroup, rstat_cpu),
                                      .own = offsetof(linux_6_12::cgroup_rstat_cpu, bstat),
                                      .subtree = offsetof(linux_6_12::cgroup_rstat_cpu, subtree_bstat)}));
  EXPECT_EQ(of("linux_6_16"), (Layout{.sums_subtrees = true,
                                      .pointer = offsetof(linux_6_16::cgroup, rstat_base_cpu),
                                      .own = offsetof(linux_6_16::cgroup_rstat_base_cpu, bstat),
                                      .subtree = offsetof(linux_6_16::cgroup_rstat_base_cpu, subtree_bstat)}));
}

}  // namespace
}  // namespace benchd::kernel
